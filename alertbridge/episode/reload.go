package episode

import (
	"maps"
	"slices"
	"time"

	"github.com/kubebark/kubebark/alertbridge/notify"
	"github.com/kubebark/kubebark/alertbridge/rule"
	"github.com/kubebark/kubebark/exporter/occurrence"
)

// Apply puts new settings in force. Episodes stay as far as the new rules raise
// them, see [Tracker.conform].
func (t *Tracker) Apply(s Settings) {
	t.mu.Lock()
	defer t.mu.Unlock()
	now := time.Now()
	curious := s.PodStatus && !t.settings.PodStatus
	t.settings = s
	t.metrics.know(&s)
	t.conformAll(now)
	for _, e := range t.active {
		if curious && e.state == Firing {
			t.askExit(e, now)
		}
	}
	t.stir(now)
}

func (t *Tracker) conformAll(now time.Time) {
	for _, fp := range slices.Sorted(maps.Keys(t.active)) {
		if e, ok := t.active[fp]; ok {
			t.conform(e, now)
		}
	}
}

// share is the part of an episode that has the same labels under new rules.
type share struct {
	fp      notify.Fingerprint
	labels  map[string]string
	rule    *rule.Rule
	event   occurrence.Event
	objects []*affected
}

// conform makes an active episode one of the rules in force. As long as its
// labels are the same it is the same alert. Where they are others it goes on
// under them, firing if it fired, and the alert of the old ones ends: two
// exporters, and one that starts anew, come to the same labels by that, and
// nobody is told of one trouble twice. What no rule raises any more ends.
func (t *Tracker) conform(e *episode, now time.Time) {
	shares := t.shares(e)
	if s, ok := shares[e.fp]; ok {
		for _, a := range e.objects {
			if !slices.Contains(s.objects, a) {
				t.subjects.leave(a)
			}
		}
		e.objects = s.objects
		e.rule, e.quiet, e.changed = s.rule, t.scale(s.rule.KeepFiringFor(&e.event)), true
		delete(shares, e.fp)
	} else {
		old := *e // ending lets go of what the shares take over
		t.end(e, now, now, byConfiguration)
		e = &old
	}
	for _, fp := range slices.Sorted(maps.Keys(shares)) {
		t.succeed(e, shares[fp], len(shares) == 1, now)
	}
}

// shares divides an episode by the labels that its objects have under the rules
// in force. Objects that no rule raises are in none.
func (t *Tracker) shares(e *episode) map[notify.Fingerprint]*share {
	all := map[notify.Fingerprint]*share{}
	latest := objectOf(&e.event.Object)
	if len(e.objects) == 0 {
		t.divide(all, e, &e.event)
	}
	for _, a := range e.objects {
		ev := e.event
		if a.subject.object() != latest {
			ev.Object = a.subject.ref()
			for p := range a.parts() {
				ev.Component, ev.Host = p.source.Value().component, p.source.Value().host
			}
		}
		s := t.divide(all, e, &ev)
		if s == nil {
			continue
		}
		s.objects = append(s.objects, a)
		if a.subject.object() == latest {
			s.event = ev
		}
	}
	return all
}

// divide returns the share of an event, nil if no rule raises it.
func (t *Tracker) divide(all map[notify.Fingerprint]*share, e *episode, ev *occurrence.Event) *share {
	r := t.settings.Rules.Match(ev)
	if r == nil || r.Drop {
		return nil
	}
	var ls map[string]string
	switch {
	case !e.folded:
		ls, _ = r.Labels(ev, e.owner)
	case e.labels["reason"] == otherReason:
		ls = r.Folded(&occurrence.Event{Reason: otherReason})
	default:
		ls = r.Folded(ev)
	}
	fp := notify.FingerprintOf(ls)
	if all[fp] == nil {
		all[fp] = &share{fp: fp, labels: ls, rule: r, event: *ev}
	}
	return all[fp]
}

// succeed lets a share of an episode go on under its own labels, with an episode
// that has them already if there is one. Its count is known only if it is all
// that is left of the old one.
func (t *Tracker) succeed(old *episode, s *share, alone bool, now time.Time) {
	if e, ok := t.active[s.fp]; ok {
		t.adopt(e, s)
		return
	}
	if !old.folded && len(t.active)-t.folds >= t.settings.MaxActive {
		return // its next occurrence folds
	}
	e := *old
	e.fp, e.labels, e.rule, e.event, e.state = s.fp, s.labels, s.rule, s.event, Pending
	e.quiet = t.scale(s.rule.KeepFiringFor(&s.event))
	e.objects, e.sentEnd, e.sentAt, e.noticed = nil, time.Time{}, time.Time{}, false
	e.hits, e.events = slices.Clone(old.hits), slices.Clone(old.events)
	if !alone {
		e.count, e.last = int64(len(s.objects)), time.Time{}
		e.events = slices.DeleteFunc(e.events, func(ev Event) bool { return !s.has(ev.Object) })
	}
	t.active[s.fp] = &e
	if e.folded {
		t.folds++
	}
	t.adopt(&e, s)
	if old.state == Firing {
		t.fire(&e, now)
	}
}

// adopt takes the objects of a share into an episode.
func (t *Tracker) adopt(e *episode, s *share) {
	for _, a := range s.objects {
		if t.subjects.find(e, a.subject.object()) != nil {
			continue
		}
		if ref := a.subject.ref(); !t.subjects.join(e, a, &ref) {
			e.more = true
		}
		for p := range a.parts() {
			e.last = later(e.last, p.last.time())
		}
	}
	e.changed = true
}

func (s *share) has(path string) bool {
	for _, a := range s.objects {
		o := a.subject.ref()
		if rule.ObjectPath(&o) == path {
			return true
		}
	}
	return false
}
