package testbed

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"time"
)

const (
	startLimit   = 2 * time.Minute // how long a part may take to be ready on a busy machine
	pollInterval = 50 * time.Millisecond
)

// Poll calls ok until it returns true. Where ctx ends first, the error tells
// what was waited for and ok's last error.
func Poll(ctx context.Context, what string, ok func(context.Context) (bool, error)) error {
	tick := time.NewTicker(pollInterval)
	defer tick.Stop()
	for {
		done, err := ok(ctx)
		if done {
			return nil
		}
		select {
		case <-ctx.Done():
			return fmt.Errorf("wait %s: %w", what, errors.Join(context.Cause(ctx), err))
		case <-tick.C:
		}
	}
}

// waitFor polls like [Poll], and gives up when the process has ended.
func (p *Process) waitFor(ctx context.Context, what string, ok func(context.Context) (bool, error)) error {
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	go func() {
		select {
		case <-p.done:
			cancel(p.died())
		case <-ctx.Done():
		}
	}()
	if err := Poll(ctx, what, ok); err != nil {
		if p.Running() {
			return fmt.Errorf("%s: %w\n%s", p.name, err, p.Tail(tailLines))
		}
		return fmt.Errorf("%s: %w", p.name, err)
	}
	return nil
}

// waitReady waits until the URL answers with status 200.
func (p *Process) waitReady(ctx context.Context, client *http.Client, url string) error {
	ctx, cancel := context.WithTimeout(ctx, startLimit)
	defer cancel()
	return p.waitFor(ctx, "until "+url+" is ready", func(ctx context.Context) (bool, error) {
		status, body, err := GetWith(ctx, client, url)
		if err == nil && status != http.StatusOK {
			err = fmt.Errorf("status %d: %s", status, body)
		}
		return err == nil, err
	})
}
