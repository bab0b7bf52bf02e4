package episode

import (
	"context"
	"time"

	"github.com/kubebark/kubebark/alertbridge/rule"
	"github.com/kubebark/kubebark/exporter/occurrence"
)

const (
	// inspectFor is how long an answer about a firing alert is waited for.
	inspectFor = time.Minute
	// checkAfter is how long an object must be quiet until it is asked whether
	// it is still there, and how long until it is asked again.
	checkAfter = 30 * time.Second
	// maxAsks is how often a question is put that fails, or that has no answer
	// yet: for a quarter of an hour, which outlasts a server that restarts and
	// the time for which one that forbids it is left alone.
	maxAsks = 6
)

// asked is how it goes with a question. One that failed is put again: ever later,
// and at some time no more.
type asked struct {
	again    moment // when; 0: not
	failures uint8
	answered bool
}

func (a *asked) failed(now time.Time, first time.Duration) {
	a.again = 0
	if a.failures++; a.failures < maxAsks {
		a.again = momentOf(now.Add(first << (a.failures - 1)))
	}
}

// due tells whether it is time, which it is once.
func (a *asked) due(now time.Time) bool {
	if a.again == 0 || momentOf(now) < a.again {
		return false
	}
	a.again = 0
	return true
}

// inspect asks about the objects of an alert that begins to fire, and once why
// a pod's container does not run. The alert does not wait for it.
func (t *Tracker) inspect(e *episode, now time.Time) {
	if t.questions.lookups == nil || e.folded {
		return
	}
	for _, a := range e.objects {
		t.meet(a, now)
	}
	t.askExit(e, now)
}

// askExit asks why the container of the latest object does not run, if that is
// wanted and not known yet.
func (t *Tracker) askExit(e *episode, now time.Time) {
	ref := e.event.Object
	if t.questions.lookups == nil || !t.settings.PodStatus || ref.Kind != "Pod" || e.folded || e.exit != "" {
		return
	}
	put := t.questions.put(question{
		key: questionKey{exit, objectOf(&ref), e.fp}, until: now.Add(inspectFor),
		ask: func(ctx context.Context) func(time.Time) {
			text, err := t.questions.lookups.PodStatus(ctx, ref)
			return func(now time.Time) {
				// An event often comes before the status that it is about.
				if err != nil || text == "" {
					e.exitAsked.failed(now, t.scale(checkAfter))
					return
				}
				e.exit = text
				t.learnt(e, now)
			}
		},
	})
	if !put {
		e.exitAsked.failed(now, t.scale(checkAfter))
	}
}

// meet asks who an object of a firing alert is: whom it belongs to, and that
// it is there at all. Only what has been there can be gone.
func (t *Tracker) meet(a *affected, now time.Time) {
	if t.questions.lookups == nil {
		return
	}
	s := a.subject // all that a question keeps: there may be many
	put := t.questions.put(question{
		key: questionKey{kind: known, obj: s.object()}, until: now.Add(inspectFor),
		ask: func(ctx context.Context) func(time.Time) {
			owner, ok, err := t.questions.lookups.Owner(ctx, s.ref())
			return func(now time.Time) {
				switch {
				case err != nil:
					t.missed(s.object(), now)
				case ok:
					t.met(s.object(), owner, now)
				}
			}
		},
	})
	if !put {
		a.asked.failed(now, t.scale(checkAfter))
	}
}

// missed notes for all alerts about an object that it could not be asked for.
func (t *Tracker) missed(obj object, now time.Time) {
	for _, a := range t.subjects.about(obj) {
		if !a.asked.answered {
			a.asked.failed(now, t.scale(checkAfter))
		}
	}
}

func (t *Tracker) met(obj object, owner occurrence.Object, now time.Time) {
	path := ""
	if objectOf(&owner) != obj {
		path = rule.ObjectPath(&owner)
	}
	for _, a := range t.subjects.about(obj) {
		a.asked.answered = true
		if e := a.episode; path != "" && e.ownerPath != path {
			e.ownerPath = path
			t.learnt(e, now)
		}
	}
}

// learnt lets what was learnt of an alert go out with its next refresh.
func (t *Tracker) learnt(e *episode, now time.Time) {
	e.changed = true
	if e.state == Firing {
		t.stir(t.due(e, now))
	}
}

// check asks now and then whether the objects of a firing alert that are quiet
// are still there, and again what could not be told at first.
func (t *Tracker) check(e *episode, now time.Time) {
	if t.questions.lookups == nil || e.folded {
		return
	}
	every := t.scale(checkAfter)
	if now.Sub(e.checked) >= every {
		e.checked = now
		for _, a := range e.objects {
			switch {
			case !a.asked.answered && a.asked.due(now):
				t.meet(a, now)
			case a.asked.answered && a.troubled() && a.quietSince(now, every):
				t.askThere(a, now)
			}
		}
		if e.exitAsked.due(now) {
			t.askExit(e, now)
		}
	}
	t.next = earlier(t.next, e.checked.Add(every))
}

func (t *Tracker) askThere(a *affected, now time.Time) {
	s := a.subject
	t.questions.put(question{
		key: questionKey{kind: there, obj: s.object()}, until: now.Add(inspectFor),
		ask: func(ctx context.Context) func(time.Time) {
			asked := time.Now() // what happens from here on is newer than the answer
			ok, err := t.questions.lookups.Exists(ctx, s.ref())
			return func(now time.Time) {
				if err == nil && !ok {
					t.gone(s.object(), asked, now)
				}
			}
		},
	})
}

// gone ends the trouble of an object that was not there at the time.
func (t *Tracker) gone(obj object, at, now time.Time) {
	o := &occurrence.Occurrence{At: at}
	for _, a := range t.subjects.about(obj) {
		if a.asked.answered {
			t.recoverObject(a, "", o, byGone, now)
		}
	}
}
