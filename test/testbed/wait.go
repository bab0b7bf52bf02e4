package testbed

import (
	"context"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"net"
	"net/http"
	"strings"
	"sync"
	"time"
)

const (
	startLimit   = 2 * time.Minute // how long a part may take to be ready on a busy machine
	pollInterval = 50 * time.Millisecond
	portTries    = 5 // how often a part is started anew because its port was taken
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
		req, err := http.NewRequestWithContext(ctx, http.MethodGet, url, http.NoBody)
		if err != nil {
			return false, err
		}
		resp, err := client.Do(req)
		if err != nil {
			return false, err
		}
		defer resp.Body.Close()
		body, err := io.ReadAll(io.LimitReader(resp.Body, 1<<16))
		if err != nil || resp.StatusCode != http.StatusOK {
			return false, errors.Join(err, fmt.Errorf("status %s: %s", resp.Status, body))
		}
		return true, nil
	})
}

// FreePort returns a TCP port of 127.0.0.1 that nothing listens on. Another
// process may take it before it is used.
func FreePort() (int, error) {
	l, err := new(net.ListenConfig).Listen(context.Background(), "tcp", "127.0.0.1:0")
	if err != nil {
		return 0, fmt.Errorf("find a free port: %w", err)
	}
	defer l.Close()
	return l.Addr().(*net.TCPAddr).Port, nil
}

// Ports gives ports of 127.0.0.1 for programs that end and start again. The zero
// value is ready; it is safe for concurrent use.
type Ports struct {
	mu    sync.Mutex
	given map[int]bool
}

// Quiet returns a free port below those that the system gives to outgoing
// connections, so that it is still free at a restart. It gives none twice.
func (p *Ports) Quiet() (int, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.given == nil {
		p.given = make(map[int]bool)
	}
	for range 100 {
		port := 20_000 + rand.N(12_000) //nolint:gosec // it needs no secrecy
		if p.given[port] {
			continue
		}
		p.given[port] = true
		l, err := new(net.ListenConfig).Listen(context.Background(), "tcp", fmt.Sprintf("127.0.0.1:%d", port))
		if err == nil {
			return port, l.Close()
		}
	}
	return 0, errors.New("no free port found")
}

// onFreePorts calls start with free ports, and again with others as long as
// the process that it starts finds one of them taken.
func onFreePorts(n int, start func(ports []int) (*Process, error)) (*Process, error) {
	for try := 1; ; try++ {
		ports := make([]int, n)
		for i := range ports {
			var err error
			if ports[i], err = FreePort(); err != nil {
				return nil, err
			}
		}
		p, err := start(ports)
		if err == nil || try == portTries || !strings.Contains(err.Error(), "address already in use") {
			return p, err
		}
	}
}
