// Package lifecycle runs the parts of a program together and stops them in
// the reverse of the order in which they were added, so that what feeds a
// part ends before the part does, and the part can drain.
package lifecycle

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"
)

// Group is a set of parts that live and end together. The zero value is an
// empty group ready to use.
type Group struct {
	// StopTimeout bounds how long each part may take to end once it was
	// asked to. 0 means 10 s.
	StopTimeout time.Duration

	parts []part
}

type part struct {
	name string
	run  func(context.Context) error
}

// Add adds a part. Its run must return soon after its context is done; a
// context's own error counts as a clean end.
func (g *Group) Add(name string, run func(context.Context) error) {
	g.parts = append(g.parts, part{name, run})
}

type running struct {
	name   string
	cancel context.CancelFunc
	done   chan struct{}
	err    error // valid after done
}

// Run starts all parts in the order in which they were added. When ctx is done
// or the first part returns, it stops them, the last added first, each before
// the next. It returns the errors of all, each with its part's name, nil when
// all ended cleanly.
func (g *Group) Run(ctx context.Context) error {
	ended := make(chan struct{}, len(g.parts))
	rs := make([]*running, len(g.parts))
	for i, p := range g.parts {
		// Not a child of ctx: the parts are to end one after another.
		pctx, cancel := context.WithCancel(context.WithoutCancel(ctx))
		r := &running{name: p.name, cancel: cancel, done: make(chan struct{})}
		rs[i] = r
		go func() {
			defer func() { close(r.done); ended <- struct{}{} }()
			r.err = p.run(pctx)
		}()
	}
	select {
	case <-ctx.Done():
	case <-ended:
	}
	var errs []error
	for _, r := range slices.Backward(rs) {
		errs = append(errs, g.stop(r))
	}
	return errors.Join(errs...)
}

func (g *Group) stop(r *running) error {
	r.cancel()
	limit := g.StopTimeout
	if limit <= 0 {
		limit = 10 * time.Second
	}
	t := time.NewTimer(limit)
	defer t.Stop()
	select {
	case <-r.done:
	case <-t.C:
		return fmt.Errorf("%s: did not stop within %s", r.name, limit)
	}
	if r.err != nil && !errors.Is(r.err, context.Canceled) {
		return fmt.Errorf("%s: %w", r.name, r.err)
	}
	return nil
}
