// Demo-cluster shows kubebark at work on a real control plane with two
// kubelets without containers, in which one thing after the other goes wrong:
// `make demo-cluster` builds and runs it.
package main

import (
	"context"
	"os"
	"time"

	"github.com/kubebark/kubebark/test/demo"
	"github.com/kubebark/kubebark/test/testbed"
	"github.com/kubebark/kubebark/test/troubles"
)

// Times of the script: long enough to look at each trouble, and for a dead
// node to be noticed.
const (
	hold = 45 * time.Second
	rest = 15 * time.Second
)

func main() { os.Exit(demo.Main(os.Args[1:], &cluster{})) }

// cluster is the demo's own.
type cluster struct {
	running *troubles.Cluster
}

func (c *cluster) Start(ctx context.Context, dir, parts string) (kubeconfig string, err error) {
	if c.running, err = troubles.StartCluster(ctx, testbed.Options{Dir: dir, BinDir: parts}); err != nil {
		return "", err
	}
	return c.running.Kubeconfig(testbed.Admin), nil
}

func (c *cluster) Run(ctx context.Context, tell func(string)) error {
	return c.running.Run(ctx, troubles.Script{
		Hold: hold, Rest: rest,
		Tell: func(_ time.Time, what string) { tell(what) },
	})
}

func (c *cluster) Stop() error {
	if c.running == nil {
		return nil
	}
	return c.running.Stop()
}
