package barkreceiver

import (
	"context"
	"net/http"
	"slices"
	"sync"
	"time"

	"github.com/go-kit/log/level"

	"github.com/kubebark/kubebark/barkreceiver/config"
	"github.com/kubebark/kubebark/barkreceiver/dedup"
	"github.com/kubebark/kubebark/barkreceiver/push"
	"github.com/kubebark/kubebark/barkreceiver/seal"
	"github.com/kubebark/kubebark/barkreceiver/webhook"
)

const watchdogInterval = 15 * time.Second

// watchdog knows when a sign of life last came from Alertmanager: the one
// trouble of which that cannot tell is its own. The zero value has heard
// nothing yet.
type watchdog struct {
	mu    sync.Mutex
	heard time.Time // the start, if nothing was heard since
	down  bool      // and phones were told so

	started bool // the waiting for one
}

// hear takes in a sign of life.
func (w *watchdog) hear(now time.Time) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.heard = now
}

// start begins the waiting for a sign of life, if none has come yet. toldAt is
// when phones were told that alerting is down, by the process before this one,
// zero if they do not believe so: then it is down until a sign of life comes.
func (w *watchdog) start(toldAt func() time.Time, after time.Duration, now time.Time) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if !w.started {
		at := toldAt()
		w.started, w.down = true, !at.IsZero()
		if w.heard.IsZero() && w.down {
			w.heard = at.Add(-after)
		}
	}
	if w.heard.IsZero() {
		w.heard = now
	}
}

// state returns when a sign of life last came, and whether phones are to be
// told that the state has changed.
func (w *watchdog) state(after time.Duration, now time.Time) (heard time.Time, overdue, news bool) {
	w.mu.Lock()
	defer w.mu.Unlock()
	overdue = now.Sub(w.heard) >= after
	return w.heard, overdue, overdue != w.down
}

// note takes in what phones were told.
func (w *watchdog) note(down bool) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.down = down
}

// watch tells when signs of life fail to come, until ctx is done.
func (a *App) watch(ctx context.Context) {
	tick := time.NewTicker(watchdogInterval)
	defer tick.Stop()
	for {
		a.checkWatchdog(ctx, time.Now())
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
		}
	}
}

// checkWatchdog pushes that alerting is down, or up again, if that is news.
// What reaches no phone is news also the next time.
func (a *App) checkWatchdog(ctx context.Context, now time.Time) {
	st := a.state.Load()
	c := st.config.Watchdog
	if c == nil {
		return
	}
	a.watchdog.start(func() time.Time { return a.toldDown(st) }, time.Duration(c.After), now)
	heard, overdue, news := a.watchdog.state(time.Duration(c.After), now)
	a.metrics.heard.Set(float64(heard.Unix()))
	if !news {
		return
	}
	p := st.watchdogPlan(heard, now, overdue)
	a.logFaults(&p)
	if _, err := a.deliver(ctx, st, &p); err != nil {
		level.Error(a.logger).Log("msg", "no phone could be told about the watchdog", "down", overdue, "err", err)
		return
	}
	a.watchdog.note(overdue)
	level.Warn(a.logger).Log("msg", "phones were told about the watchdog", "down", overdue, "heard", heard.UTC().Format(time.RFC3339))
}

// watchdogPlan is what tells of the watchdog.
func (st *state) watchdogPlan(heard, now time.Time, down bool) plan {
	return st.plan(st.config.Find([]string{st.config.Watchdog.Tell}), func(rc *config.Receiver) plan {
		out := rc.Renderer().Watchdog(heard, now, down)
		p := plan{receiver: rc, id: out.Params.ID, state: dedup.State{Digest: out.Params.Title + heard.UTC().Format(time.RFC3339Nano), Over: !down}}
		p.put(&out, func(p *push.Params) bool { return p.Fits() && seal.Fits(p) }, rc.Devices)
		return p
	})
}

// toldDown returns when a phone was told that alerting is down and not that it
// is back, zero if none was.
func (a *App) toldDown(st *state) time.Time {
	p := st.watchdogPlan(time.Time{}, time.Now(), true)
	for _, p := range []*plan{&p, p.fallback} {
		if p == nil {
			continue
		}
		for _, d := range p.receiver.Devices {
			if at, open := a.dedup.Open(deviceID(st.server(p.receiver), d), p.id); open {
				return at
			}
		}
	}
	return time.Time{}
}

// isWatchdog tells whether messages for a name are signs of life.
func (st *state) isWatchdog(names []string) bool {
	c := st.config.Watchdog
	return c != nil && slices.Contains(names, c.Receiver)
}

// hear answers a sign of life.
func (a *App) hear(body []byte) error {
	m, err := webhook.Decode(body)
	if err != nil {
		return fail(http.StatusBadRequest, "%v", err)
	}
	if m.Status == webhook.Firing {
		a.watchdog.hear(time.Now())
	}
	return nil
}
