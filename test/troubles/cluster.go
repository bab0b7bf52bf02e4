package troubles

import (
	"context"
	"errors"
	"time"

	"github.com/kubebark/kubebark/test/testbed"
)

// deadNodeAfter lets the cluster notice a dead node well within a minute.
const deadNodeAfter = 15 * time.Second

// A Cluster is a control plane with two nodes, the second of which may die.
type Cluster struct {
	*testbed.ControlPlane

	Nodes []*testbed.Kubelet
}

// StartCluster starts a cluster that a [Script] can run in. opts say where.
func StartCluster(ctx context.Context, opts testbed.Options) (*Cluster, error) {
	opts.DeadNodeAfter = deadNodeAfter
	return startCluster(ctx, opts)
}

func startCluster(ctx context.Context, opts testbed.Options) (*Cluster, error) {
	opts.ControllerManager, opts.Scheduler = true, true
	cp, err := testbed.StartControlPlane(ctx, opts)
	if err != nil {
		return nil, err
	}
	c := &Cluster{ControlPlane: cp}
	for _, name := range []string{"node-a", "node-b"} {
		node, err := cp.StartKubelet(ctx, name)
		if err != nil {
			return nil, errors.Join(err, cp.Stop())
		}
		c.Nodes = append(c.Nodes, node)
	}
	return c, nil
}

// Run runs a script in the cluster.
func (c *Cluster) Run(ctx context.Context, s Script) error {
	return s.Run(ctx, c.Config(), c.Nodes[1])
}
