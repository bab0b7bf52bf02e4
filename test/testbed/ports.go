package testbed

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"net"
	"strings"
	"sync"
	"syscall"
	"time"
)

// portTries is how often a part is started anew because its port was taken.
const portTries = 5

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
		if free(port) {
			return port, nil
		}
	}
	return 0, errors.New("no free port found")
}

// free tells whether nothing listens on a port of 127.0.0.1. It does not try to
// listen there: whatever process is started at that moment would hold the port for
// as long as it takes to become another program.
func free(port int) bool {
	d := net.Dialer{Timeout: time.Second}
	c, err := d.DialContext(context.Background(), "tcp", fmt.Sprintf("127.0.0.1:%d", port))
	if err == nil {
		c.Close()
	}
	return errors.Is(err, syscall.ECONNREFUSED)
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
