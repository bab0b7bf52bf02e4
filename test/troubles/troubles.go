// Package troubles lets things go wrong in a cluster, and come right again, as
// they do in real life: a rollout of an image that does not exist, a container
// that runs out of memory, a failing probe, a Deployment that fits no node, a
// dead node. [StartCluster] starts a cluster for it and a [Script] runs
// through them; the demo shows the script live, and the program
// test/incident/record writes down the events that it makes.
package troubles

import (
	"context"
	"errors"
	"fmt"
	"time"

	"k8s.io/client-go/kubernetes"
	"k8s.io/client-go/rest"

	"github.com/kubebark/kubebark/test/testbed"
)

// settleLimit is how long the cluster may take to do what it was told.
const settleLimit = 5 * time.Minute

// A Script says how troubles follow each other. The zero value takes about
// seven minutes and tells nobody.
type Script struct {
	Namespace string                         // the stage; empty: shop
	Hold      time.Duration                  // how long each trouble lasts; 0: a minute
	Rest      time.Duration                  // peace after each; 0: 15 s
	Tell      func(at time.Time, say string) // called as each step is taken, if it is set

	limit time.Duration // how long the cluster may take to do what it was told; 0: settleLimit
}

// A Node can die and come back.
type Node interface {
	Kill()
	Start(ctx context.Context, flags ...string) error
}

// A stage is where one run of a script takes place.
type stage struct {
	Script

	client kubernetes.Interface
	node   Node
	nodes  []*testbed.Kubelet // of an incident's cluster
	health *health
}

func newStage(ctx context.Context, config *rest.Config, s Script) (*stage, error) {
	client, err := kubernetes.NewForConfig(config)
	if err != nil {
		return nil, fmt.Errorf("make client: %w", err)
	}
	health, err := newHealth(ctx)
	if err != nil {
		return nil, err
	}
	// Not when the script ends: the shop stays, and would fail its probes for
	// ever.
	context.AfterFunc(ctx, health.close)
	return &stage{Script: s.withDefaults(), client: client, health: health}, nil
}

// Run makes all troubles, one after the other, in the cluster that config
// reaches, and mends them. node is the one that dies; without one, none does.
// The namespace and what is in it stay when Run returns, and are well until
// ctx ends.
func (s Script) Run(ctx context.Context, config *rest.Config, node Node) error {
	st, err := newStage(ctx, config, s)
	if err != nil {
		return err
	}
	st.node = node
	for _, step := range st.steps() {
		if err := step.do(ctx, st); err != nil {
			return fmt.Errorf("%s: %w", step.name, err)
		}
	}
	return nil
}

func (s Script) withDefaults() Script {
	if s.Namespace == "" {
		s.Namespace = "shop"
	}
	if s.Hold == 0 {
		s.Hold = time.Minute
	}
	if s.Rest == 0 {
		s.Rest = 15 * time.Second
	}
	if s.limit == 0 {
		s.limit = settleLimit
	}
	if s.Tell == nil {
		s.Tell = func(time.Time, string) {}
	}
	return s
}

// tell says what is done now.
func (st *stage) tell(say string) { st.Tell(time.Now(), say) }

// pause waits, unless ctx ends first.
func pause(ctx context.Context, d time.Duration) error {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-t.C:
		return nil
	case <-ctx.Done():
		return errors.Join(errors.New("interrupted"), context.Cause(ctx))
	}
}
