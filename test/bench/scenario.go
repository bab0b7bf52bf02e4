package main

import (
	"cmp"
	"context"
	"fmt"
	"maps"
	"os"
	"slices"
	"time"

	"github.com/kubebark/kubebark/test/fakeapi"
)

// scenario is what is measured: a number of events that are there at the
// start, then writes at full speed, then writes at a steady pace.
type scenario struct {
	name    string
	pods    int
	present int
	writes  int
	steady  int // writes, at 1,000 a second, for latencies
	quiet   time.Duration
}

const perSecond = 1000

// Names of the scenarios.
const (
	small = "small cluster"
	storm = "200,000 writes"
	begin = "start with 50,000"
	large = "500,000 objects"
)

var scenarios = [...]scenario{
	{name: small, pods: 500, present: 1000, steady: 5000, quiet: 15 * time.Second},
	{name: storm, pods: 5000, writes: 200_000, quiet: 5 * time.Second},
	{name: begin, pods: 5000, present: 50_000, quiet: 5 * time.Second},
	{name: large, pods: 500_000, present: 500_000, writes: 200_000, quiet: 10 * time.Second},
}

func (s scenario) scaled(f float64) scenario {
	n := func(n int) int { return int(float64(n) * f) }
	s.present, s.writes, s.steady = n(s.present), n(s.writes), n(s.steady)
	return s
}

// row is what was measured of a subject in a scenario.
type row struct {
	scenario, subject string
	events            int // that are live at the end
	writes            int
	cpu               time.Duration // in all
	start             time.Duration // processor time until it was ready
	burst             time.Duration // processor time for the writes at full speed
	took              time.Duration // for the same
	peak, rss         int64
	p50, p99          time.Duration
}

// median returns the row of which each figure is the median of those of several
// runs, for the processor and the collector of garbage do not do the same twice.
func median(runs []*row) row {
	m := *runs[0]
	for _, of := range []func(*row) *time.Duration{
		func(r *row) *time.Duration { return &r.cpu },
		func(r *row) *time.Duration { return &r.start },
		func(r *row) *time.Duration { return &r.burst },
		func(r *row) *time.Duration { return &r.took },
		func(r *row) *time.Duration { return &r.p50 },
		func(r *row) *time.Duration { return &r.p99 },
	} {
		*of(&m) = middle(runs, of)
	}
	m.peak = middle(runs, func(r *row) *int64 { return &r.peak })
	m.rss = middle(runs, func(r *row) *int64 { return &r.rss })
	return m
}

func middle[T cmp.Ordered](runs []*row, of func(*row) *T) T {
	all := make([]T, len(runs))
	for i, r := range runs {
		all[i] = *of(r)
	}
	slices.Sort(all)
	return all[len(all)/2]
}

// trial is a measurement under way.
type trial struct {
	scenario
	load    *load
	server  *fakeapi.Server
	subject *subject
	row     *row
}

func measure(ctx context.Context, o *options, sc scenario, name string) (*row, error) {
	dir, err := os.MkdirTemp("", "bench")
	if err != nil {
		return nil, err
	}
	defer os.RemoveAll(dir)
	t := &trial{scenario: sc, load: newLoad(sc.pods), row: &row{scenario: sc.name, subject: name, writes: sc.writes}}
	if err := t.load.prefill(sc.present); err != nil {
		return nil, err
	}
	if t.server, err = fakeapi.Serve(t.load.store, 0); err != nil {
		return nil, err
	}
	defer t.server.Close()
	ctx, cancel := context.WithTimeout(ctx, 5*time.Minute)
	defer cancel()
	if name == "floor" {
		t.subject, err = startFloor(ctx, o.floor, t.server.URL(), sc.present)
	} else {
		t.subject, err = startExporter(ctx, name, o.exporter, t.server.URL(), dir)
	}
	if err != nil {
		return nil, err
	}
	for _, step := range []func(context.Context) error{t.begin, t.burst, t.settle, t.pace, t.exact, t.end} {
		if err := step(ctx); err != nil {
			cancel()
			_ = t.subject.cmd.Wait() // it was killed
			return nil, fmt.Errorf("%w\n%s", err, t.subject.errs.Bytes())
		}
	}
	return t.row, nil
}

// begin waits until the subject has seen what is there and watches.
func (t *trial) begin(ctx context.Context) error {
	err := until(ctx, 20*time.Millisecond, func() (bool, error) {
		ok, err := t.subject.ready(ctx)
		_, watches := t.server.Requests()
		// At first nobody answers; if that goes on, time runs out.
		return err == nil && ok && watches > 0, nil
	})
	if err == nil {
		t.row.start, err = t.subject.cpu()
	}
	return err
}

// burst makes all writes while nothing is sent, and then sends them.
func (t *trial) burst(ctx context.Context) error {
	if t.writes == 0 {
		return nil
	}
	t.server.Freeze()
	if err := t.load.write(t.writes); err != nil {
		return err
	}
	before, err := t.subject.cpu()
	if err != nil {
		return err
	}
	begun := time.Now()
	t.server.Thaw()
	if err := until(ctx, 250*time.Millisecond, func() (bool, error) { return t.done(ctx) }); err != nil {
		return err
	}
	t.row.took = time.Since(begun)
	after, err := t.subject.cpu()
	t.row.burst = after - before
	return err
}

// want is the sum that the subject should come to.
func (t *trial) want() int64 {
	if t.row.subject == "floor" {
		return t.load.held
	}
	return t.load.made
}

func (t *trial) done(ctx context.Context) (bool, error) {
	r, err := t.subject.observe(ctx)
	if err == nil && r.sum > t.want() {
		err = fmt.Errorf("counted %d of %d", r.sum, t.want())
	}
	return r.sum == t.want(), err
}

// settle lets the subject be, scraped every few seconds as in life.
func (t *trial) settle(ctx context.Context) error {
	end := time.Now().Add(t.quiet)
	err := until(ctx, 2*time.Second, func() (bool, error) {
		_, err := t.subject.observe(ctx)
		return time.Now().After(end), err
	})
	if err == nil {
		t.row.rss, t.row.peak, err = t.subject.memory()
	}
	t.row.events = t.load.store.Len()
	return err
}

// exact holds what was counted against what was made.
func (t *trial) exact(ctx context.Context) error {
	r, err := t.subject.observe(ctx)
	if err != nil {
		return err
	}
	if r.sum != t.want() {
		return fmt.Errorf("counted %d of %d", r.sum, t.want())
	}
	if r.truth != nil && !maps.Equal(r.truth, t.load.truth) {
		return fmt.Errorf("the sum of %d is right, but not that of each of the %d label sets", r.sum, len(t.load.truth))
	}
	return nil
}

func (t *trial) end(context.Context) (err error) {
	t.row.cpu, err = t.subject.stop()
	return err
}

// until calls f again and again until it says so.
func until(ctx context.Context, pause time.Duration, f func() (bool, error)) error {
	tick := time.NewTicker(pause)
	defer tick.Stop()
	for {
		if ok, err := f(); ok || err != nil {
			return err
		}
		select {
		case <-ctx.Done():
			return context.Cause(ctx)
		case <-tick.C:
		}
	}
}
