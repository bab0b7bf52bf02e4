package barkreceiver

import (
	"context"
	"time"

	"github.com/go-kit/log"
	"github.com/prometheus/client_golang/prometheus"

	"github.com/kubebark/kubebark/barkreceiver/config"
	"github.com/kubebark/kubebark/barkreceiver/push"
	"github.com/kubebark/kubebark/barkreceiver/render"
)

// SendTest pushes a title and a body to a receiver's devices and returns what
// became of it, a line for each, and whether all have it.
func SendTest(ctx context.Context, c *config.Config, r *config.Receiver, title, body string) (lines []string, ok bool, err error) {
	a, err := newTester(c)
	if err != nil {
		return nil, false, err
	}
	st := a.state.Load()
	defer st.close()
	srv := st.server(r)
	params := render.Cut(push.Params{Title: title, Body: body, Group: "test"}, func(p *push.Params) bool { return p.Fits() })
	ctx, cancel := context.WithTimeout(ctx, 2*time.Duration(c.Bark.All()[r.Server].Timeout))
	defer cancel()
	ok = true
	for _, d := range a.send(ctx, srv, r, &params, r.Devices, func(delivery) {}) {
		lines = append(lines, d.String())
		ok = ok && d.Outcome == push.Delivered
	}
	return lines, ok, nil
}

// newTester returns an app that has a configuration and can send, no more.
func newTester(c *config.Config) (*App, error) {
	a := &App{logger: log.NewNopLogger(), metrics: newMetrics(prometheus.NewRegistry())}
	st, err := a.newState(c)
	if err != nil {
		return nil, err
	}
	a.state.Store(st)
	return a, nil
}
