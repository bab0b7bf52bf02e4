package episode

import (
	"context"
	"sync"
	"time"

	"github.com/prometheus/common/model"

	"github.com/kubebark/kubebark/alertbridge/notify"
)

const (
	// endedFor is how long the end of an alert is sent again.
	endedFor = 15 * time.Minute

	// grace is how long after its quiet time is over an alert's end is sent.
	// Alertmanager ends it by itself at the moment that it was told, so this
	// delays nothing; but where another exporter has heard more than we, our
	// word that it is over would count against the other's that it is not.
	grace = 15 * time.Second
	// proofAfter is how much longer an end waits for a sign of life of the watch
	// before it asks for one.
	proofAfter = 5 * time.Second

	// backlog is how long after the watch has come back nothing is said to last:
	// what was missed comes in at once and in its order, so that the first of it
	// may tell of a trouble whose end is right behind.
	backlog = 2 * time.Second
	// stall is how late we may wake before we hold that we were stopped, and that
	// the watch has more for us than we have read.
	stall = 3 * time.Second

	// notice is how long before its end an alert is sent with the reason of
	// the end, for Alertmanager may end it before we do.
	notice = 15 * time.Second

	// firstRefresh is how soon a new alert is sent again if it has changed;
	// from then on ever more seldom, until resend_interval.
	firstRefresh = 5 * time.Second

	proofTick = 250 * time.Millisecond

	minTick = 50 * time.Millisecond
	maxTick = time.Minute
)

// Run lets time move the episodes on until ctx is done. It ends none then.
func (t *Tracker) Run(ctx context.Context) error {
	var looking sync.WaitGroup
	looking.Go(func() { t.look(ctx) })
	defer looking.Wait()
	timer := time.NewTimer(0)
	defer timer.Stop()
	for {
		select {
		case <-ctx.Done():
			return nil
		case <-timer.C:
			now := time.Now()
			t.mu.Lock()
			t.woke(now)
			t.mu.Unlock()
			wait := t.tick(now)
			timer.Reset(wait - time.Since(now))
		case <-t.wake:
			t.mu.Lock()
			t.woke(time.Now())
			wait := max(minTick, time.Until(t.next))
			t.mu.Unlock()
			timer.Reset(wait)
		}
	}
}

// woke takes a late awakening for a watch that has come back: the process, or
// the machine, was stopped.
func (t *Tracker) woke(now time.Time) {
	if !t.next.IsZero() && now.Sub(t.next) > stall {
		t.since = now.Add(t.scale(grace))
	}
}

// stir makes Run wake at the time, or earlier if something else is due.
func (t *Tracker) stir(at time.Time) {
	at = later(at, time.Now()) // from which on we would be late
	if !t.next.IsZero() && !at.Before(t.next) {
		return
	}
	t.next = at
	select {
	case t.wake <- struct{}{}:
	default:
	}
}

// tick does what is due and returns how long nothing will be.
func (t *Tracker) tick(now time.Time) time.Duration {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.next = now.Add(maxTick)
	live := t.live(now)
	for _, e := range t.active {
		switch {
		case live:
			t.step(e, now)
		case t.heard(e) && t.caughtUp(e, now):
			t.refresh(e, now)
		}
	}
	for _, e := range t.ended {
		t.stepEnded(e, now, live)
	}
	if !live {
		t.next = earlier(t.next, now.Add(time.Second))
	}
	t.next = later(t.next, now.Add(minTick)) // what is overdue waits for the watch, not for us
	return t.next.Sub(now)
}

// live tells whether what we know is whole: connected for long enough that
// what was missed has come in, and not in the middle of a list.
func (t *Tracker) live(now time.Time) bool {
	if !t.connected() {
		t.since = time.Time{}
		return false
	}
	if t.since.IsZero() {
		t.since = now.Add(t.scale(grace))
	}
	return !t.listing && !now.Before(t.since)
}

// heard tells whether an episode has had an occurrence since we are connected:
// it lasts, whatever else is still to come in.
func (t *Tracker) heard(e *episode) bool {
	return !t.listing && !t.since.IsZero() && e.last.After(t.since.Add(-t.scale(grace)))
}

// caughtUp tells whether the watch has been back for long enough that an episode
// which lasts for all we know does so.
func (t *Tracker) caughtUp(e *episode, now time.Time) bool {
	back := t.since.Add(-t.scale(grace))
	return !now.Before(back.Add(min(t.scale(backlog), e.quiet/5)))
}

// step moves an active episode on.
func (t *Tracker) step(e *episode, now time.Time) {
	if t.settle(e, now); e.state == Ended || t.active[e.fp] != e {
		return
	}
	deadline := e.deadline()
	over := deadline.Add(t.graceOf(e))
	if !now.Before(over) {
		if t.silent(e, over, now) {
			t.end(e, deadline, now, t.quietText(e))
		}
		return
	}
	if now.Sub(e.pruned) >= e.quiet/10 && t.heardUntil(e, now.Add(-t.graceOf(e))) && t.prune(e, now) {
		return
	}
	t.next = earlier(t.next, over)
	if e.state == Firing {
		t.check(e, now)
	}
	t.refresh(e, now)
}

// heardUntil tells whether all that has to do with an episode has been heard of
// until then.
func (t *Tracker) heardUntil(e *episode, until time.Time) bool {
	return t.watch == nil || !t.watch.Heard(e.event.Namespace).Before(until)
}

// silent tells whether nothing was heard of an episode until then because there
// was nothing to hear. A watch that hangs looks quiet, too, and to say that an
// alert is over on its word would speak against another exporter that hears
// more.
func (t *Tracker) silent(e *episode, until, now time.Time) bool {
	if t.heardUntil(e, until) {
		return true
	}
	if now.Sub(until) >= min(t.scale(proofAfter), e.quiet/4) {
		t.watch.Renew(e.event.Namespace, until)
	}
	t.next = earlier(t.next, now.Add(proofTick))
	return false
}

// refresh sends a firing alert again when that is due. From its quiet time's end
// on it would be the word that it is over, which is said by end alone.
func (t *Tracker) refresh(e *episode, now time.Time) {
	if !e.lasts(now) {
		return
	}
	if !now.Before(t.due(e, now)) {
		t.transmit(e, now)
	}
	t.next = earlier(t.next, t.due(e, now))
}

// stepEnded sends an alert's end again, or forgets it.
func (t *Tracker) stepEnded(e *episode, now time.Time, live bool) {
	if now.Sub(e.endedAt) >= endedFor {
		delete(t.ended, e.fp)
		return
	}
	due := e.sentAt.Add(t.settings.Resend)
	if live && !now.Before(due) {
		t.transmit(e, now)
		due = now.Add(t.settings.Resend)
	}
	t.next = earlier(t.next, due)
}

// due is when a firing alert is to be sent again, or to end.
func (t *Tracker) due(e *episode, now time.Time) time.Time {
	interval := min(t.settings.Resend, max(minTick, e.quiet/4))
	if e.changed {
		interval = min(interval, max(t.scale(firstRefresh), e.sentAt.Sub(e.startsAt)))
	}
	due := e.sentAt.Add(interval)
	deadline := e.deadline()
	switch atNotice := deadline.Add(-t.noticeOf(e)); {
	case now.Before(atNotice) && e.noticed:
		return now // heard of again: take the notice back
	case !e.noticed:
		due = earlier(due, atNotice)
	}
	return due
}

// graceOf and noticeOf are short where the quiet time is.
func (t *Tracker) graceOf(e *episode) time.Duration {
	return min(t.scale(grace), e.quiet/4)
}

func (t *Tracker) noticeOf(e *episode) time.Duration {
	return min(t.scale(notice), e.quiet/10)
}

// transmit sends the state of the episode.
func (t *Tracker) transmit(e *episode, now time.Time) {
	e.noticed = e.state == Firing && !now.Before(e.deadline().Add(-t.noticeOf(e)))
	e.sentAt, e.changed = now, false
	if e.state == Firing {
		e.sentEnd = later(e.sentEnd, e.deadline())
		t.stir(t.due(e, now))
	} else {
		t.stir(now.Add(t.settings.Resend))
	}
	t.send(t.alert(e))
}

// keepEnded keeps an ended alert for a while. There are at most as many as may
// be active: the one that ended first goes.
func (t *Tracker) keepEnded(e *episode, now time.Time) {
	if len(t.ended) >= t.settings.MaxActive {
		var oldest *episode
		for _, o := range t.ended {
			if oldest == nil || o.endedAt.Before(oldest.endedAt) {
				oldest = o
			}
		}
		delete(t.ended, oldest.fp)
	}
	t.ended[e.fp] = e
	t.stir(now.Add(t.settings.Resend))
}

// Current returns the state of all alerts that fire or ended lately.
func (t *Tracker) Current() []notify.Alert {
	t.mu.Lock()
	defer t.mu.Unlock()
	if !t.connected() {
		return nil // refresh nothing
	}
	now := time.Now()
	t.woke(now)
	var as []notify.Alert
	for _, e := range t.active {
		if e.lasts(now) && (t.since.IsZero() || t.caughtUp(e, now)) {
			as = append(as, t.alert(e))
		}
	}
	for _, e := range t.ended {
		as = append(as, t.alert(e))
	}
	return as
}

func (t *Tracker) quietText(e *episode) string {
	whole := time.Duration(float64(e.quiet) * t.speed).Round(time.Millisecond)
	return byQuiet + model.Duration(whole).String()
}

func earlier(a, b time.Time) time.Time {
	if b.Before(a) {
		return b
	}
	return a
}
