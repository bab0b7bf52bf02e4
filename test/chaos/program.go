package chaos

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"fmt"
	"net/http"
	"strings"
	"sync"
	"syscall"
	"time"

	"github.com/kubebark/kubebark/test/clock"
	"github.com/kubebark/kubebark/test/testbed"
)

// A program is one that may end and be started again, on the same port and with
// the same files.
type program struct {
	name    string
	command testbed.Command
	url     string
	health  string // path that answers 200 once it is well
	client  *http.Client
	clock   *clock.Clock // nil if it goes by the machine's

	mu      sync.Mutex
	process *testbed.Process
	starts  int
	started time.Time
	wanted  bool // it is to run
}

func (p *program) start() error {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.process != nil && p.process.Running() {
		return nil
	}
	command := p.command
	if p.clock != nil {
		var err error
		if command, err = p.clock.Command(command); err != nil {
			return err
		}
	}
	pr, err := testbed.Run(command)
	if err != nil {
		return err
	}
	p.process, p.wanted, p.started = pr, true, time.Now()
	p.starts++
	return nil
}

// kill ends it as a crash does.
func (p *program) kill() {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.wanted = false
	if p.process != nil {
		p.process.Kill()
	}
}

// terminate asks it to end, as a rolling update does, and wants status 0.
func (p *program) terminate(ctx context.Context) error {
	p.mu.Lock()
	p.wanted = false
	pr, started := p.process, p.started
	p.mu.Unlock()
	if err := pr.Signal(syscall.SIGTERM); err != nil {
		return err
	}
	ctx, cancel := context.WithTimeout(ctx, time.Minute)
	defer cancel()
	code, err := pr.Wait(ctx)
	// A process cannot catch a signal before it has begun.
	if early := code == -1 && time.Since(started) < 30*time.Second; err == nil && code != 0 && !early {
		err = fmt.Errorf("%s ended with status %d after SIGTERM", p.name, code)
	}
	return err
}

func (p *program) signal(s syscall.Signal) error { return p.running().Signal(s) }

func (p *program) running() *testbed.Process {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.process
}

// alive returns an error if it has ended by itself.
func (p *program) alive() error {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.wanted && !p.process.Running() {
		return fmt.Errorf("%s has ended by itself\n%s", p.name, p.process.Tail(30))
	}
	return nil
}

// well waits until it answers that it is.
func (p *program) well(ctx context.Context) error {
	return testbed.Poll(ctx, "until "+p.name+" is well", func(ctx context.Context) (bool, error) {
		if err := p.alive(); err != nil {
			return false, err
		}
		code, body, err := p.get(ctx, p.health)
		if err == nil && code != http.StatusOK {
			err = fmt.Errorf("%s answers %d: %s", p.health, code, body)
		}
		return err == nil, err
	})
}

func (p *program) get(ctx context.Context, path string) (code int, body string, err error) {
	ctx, cancel := context.WithTimeout(ctx, 10*time.Second)
	defer cancel()
	return testbed.GetWith(ctx, p.client, p.url+path)
}

// metric returns the value of a metric without labels.
func (p *program) metric(ctx context.Context, name string) (float64, error) {
	_, body, err := p.get(ctx, "/metrics")
	if err != nil {
		return 0, err
	}
	for l := range strings.Lines(body) {
		if rest, ok := strings.CutPrefix(l, name+" "); ok {
			var v float64
			_, err := fmt.Sscan(rest, &v)
			return v, err
		}
	}
	return 0, fmt.Errorf("%s has no metric %s", p.name, name)
}

// newClient returns an HTTP client that opens a connection for each request:
// none is left over from before a restart.
func newClient(pool *x509.CertPool) *http.Client {
	return &http.Client{Transport: &http.Transport{
		DisableKeepAlives: true, TLSClientConfig: &tls.Config{RootCAs: pool, MinVersion: tls.VersionTLS12},
	}}
}
