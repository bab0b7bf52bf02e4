package demo

import (
	"context"
	"fmt"
	"os"
	"time"
)

// startCluster starts the demo's own cluster, if it has one, and says how
// long that has been going on.
func (d *demo) startCluster(ctx context.Context) error {
	if d.cluster == nil {
		return nil
	}
	dir := d.files.path("cluster")
	if err := os.Mkdir(dir, 0o700); err != nil {
		return err
	}
	d.tell.line("starting a control plane and two kubelets without containers, which takes about 20 s")
	begin := time.Now()
	started := make(chan error, 1)
	go func() {
		var err error
		d.o.kubeconfig, err = d.cluster.Start(ctx, dir, d.o.parts)
		started <- err
	}()
	word := time.NewTicker(patience)
	defer word.Stop()
	for {
		select {
		case err := <-started: // Start heeds the context
			if err != nil {
				return fmt.Errorf("start the cluster: %w", err)
			}
			d.tell.step("cluster", "KUBECONFIG="+d.o.kubeconfig, "")
			return nil
		case <-word.C:
			d.tell.line("still starting the cluster, for %s so far", time.Since(begin).Round(time.Second))
		}
	}
}

// stopCluster ends it.
func (d *demo) stopCluster() error {
	if d.cluster == nil {
		return nil
	}
	return d.cluster.Stop()
}

// trouble runs the cluster's script and tells of each step.
func (s *story) trouble(ctx context.Context) error {
	err := s.cluster.Run(ctx, func(what string) { s.tell.line("in the cluster: %s", what) })
	if err != nil {
		return fmt.Errorf("make trouble: %w", err)
	}
	s.tell.line("in the cluster: no more trouble is made")
	s.played.Store(true)
	return nil
}
