package troubles

import (
	"context"
	"fmt"
	"net"
	"net/http"
	"sync/atomic"
	"time"
)

// A health answers the probes of pods, whose address is that of the machine.
type health struct {
	port   int32
	well   atomic.Bool
	server *http.Server
	done   chan struct{} // closed when nothing is served any more
}

func newHealth(ctx context.Context) (*health, error) {
	l, err := new(net.ListenConfig).Listen(ctx, "tcp", "127.0.0.1:0")
	if err != nil {
		return nil, fmt.Errorf("listen for probes: %w", err)
	}
	h := &health{port: int32(l.Addr().(*net.TCPAddr).Port), done: make(chan struct{})} //nolint:gosec // a port has 16 bits
	h.well.Store(true)
	h.server = &http.Server{Handler: h, ReadHeaderTimeout: 10 * time.Second}
	go func() {
		defer close(h.done)
		_ = h.server.Serve(l) // ends by close
	}()
	return h, nil
}

// ServeHTTP answers a probe.
func (h *health) ServeHTTP(w http.ResponseWriter, _ *http.Request) {
	if h.well.Load() {
		return
	}
	http.Error(w, "database connection pool exhausted", http.StatusServiceUnavailable)
}

// set tells what probes shall find.
func (h *health) set(well bool) { h.well.Store(well) }

func (h *health) close() {
	h.server.Close()
	<-h.done
}
