package barkreceiver

import (
	"maps"
	"slices"
	"sync"
	"time"

	"github.com/kubebark/kubebark/barkreceiver/config"
	"github.com/kubebark/kubebark/barkreceiver/push"
)

// failing knows since when receivers have had no device that could be told.
// Its zero value knows of none; its size is that of the configuration.
type failing struct {
	mu      sync.Mutex
	outages map[string]outage // by receiver
}

// outage is a time in which no push of a receiver got through.
type outage struct{ first, last time.Time }

// minGap is how long nothing must have failed at least for a failure to begin
// anew: Alertmanager may have had nothing to say meanwhile.
const minGap = 10 * time.Minute

// note takes in that none of a receiver's devices could be told, and returns
// since when that is so. What nobody tried for longer than a receiver waits
// for its fallback is no failure that has lasted.
func (f *failing) note(receiver string, after time.Duration, now time.Time) time.Time {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.outages == nil {
		f.outages = map[string]outage{}
	}
	r, known := f.outages[receiver]
	if !known || now.Sub(r.last) > max(after, minGap) {
		r.first = now
	}
	r.last = now
	f.outages[receiver] = r
	return r.first
}

// over takes in that one could.
func (f *failing) over(receiver string) {
	f.mu.Lock()
	defer f.mu.Unlock()
	delete(f.outages, receiver)
}

// only forgets all other receivers.
func (f *failing) only(receivers []*config.Receiver) {
	f.mu.Lock()
	defer f.mu.Unlock()
	maps.DeleteFunc(f.outages, func(name string, _ outage) bool {
		return !slices.ContainsFunc(receivers, func(r *config.Receiver) bool { return r.Name == name })
	})
}

// plan makes a receiver's plan, and that of its fallback if it has one.
func (st *state) plan(r *config.Receiver, build func(*config.Receiver) plan) plan {
	p := build(r)
	if next := st.config.FallbackOf(r); next != nil {
		f := build(next)
		p.fallback = &f
	}
	return p
}

// needsFallback tells whether a plan's fallback is to be told, after all that
// became of the plan: nobody could be told of it, for good or for too long. A
// fallback that was told of a trouble hears of it until the trouble is over.
func (a *App) needsFallback(st *state, p *plan, all []delivery, now time.Time) bool {
	if p.fallback == nil {
		return false
	}
	if a.follows(st, p.fallback) {
		return true
	}
	if len(all) == 0 {
		return false // the receiver is not told
	}
	var had, retry bool
	for _, d := range all {
		if !d.duplicate && d.Outcome == push.Delivered {
			a.failing.over(p.receiver.Name)
			return false
		}
		had = had || d.duplicate
		retry = retry || d.Outcome == push.Retry
	}
	if had {
		return false
	}
	after := time.Duration(p.receiver.Fallback.After)
	since := a.failing.note(p.receiver.Name, after, now)
	return !retry || now.Sub(since) >= after
}

// follows tells whether a device of the plan was told of a trouble that it
// does not know to be over. Where it is over and no push takes the place of
// the one that told of it, that is noted here.
func (a *App) follows(st *state, p *plan) bool {
	srv := st.server(p.receiver)
	replaced := slices.ContainsFunc(p.parcels, func(x parcel) bool { return x.params.ID == p.id })
	open := false
	for _, d := range p.receiver.Devices {
		if _, waits := a.dedup.Open(deviceID(srv, d), p.id); !waits {
			continue
		}
		open = true
		if !replaced {
			a.record(deviceID(srv, d), p.id, p.state)
		}
	}
	return open && len(p.parcels) > 0
}
