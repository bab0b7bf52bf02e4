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

// again is when a question that failed is put again: ever later, and at some
// time no more.
type again struct {
	failures uint8
	at       time.Time // zero: not again
}

func (a *again) failed(now time.Time, first time.Duration) {
	a.at = time.Time{}
	if a.failures++; a.failures < maxAsks {
		a.at = now.Add(first << (a.failures - 1))
	}
}

// due tells whether it is time, which it is once.
func (a *again) due(now time.Time) bool {
	if a.at.IsZero() || now.Before(a.at) {
		return false
	}
	a.at = time.Time{}
	return true
}

// inspect asks about the objects of an alert that begins to fire, and once why
// a pod's container does not run. The alert does not wait for it.
func (t *Tracker) inspect(e *episode, now time.Time) {
	if t.questions.lookups == nil || e.folded {
		return
	}
	for obj := range e.objects {
		t.meet(e, obj, now)
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
					e.exitAgain.failed(now, t.scale(checkAfter))
					return
				}
				e.exit = text
				t.tell(e, now)
			}
		},
	})
	if !put {
		e.exitAgain.failed(now, t.scale(checkAfter))
	}
}

// meet asks who an object of a firing alert is: whom it belongs to, and that
// it is there at all. Only what has been there can be gone.
func (t *Tracker) meet(e *episode, obj object, now time.Time) {
	if t.questions.lookups == nil {
		return
	}
	a := e.objects[obj]
	ref := obj.ref(a.apiVersion)
	put := t.questions.put(question{
		key: questionKey{kind: known, obj: obj}, until: now.Add(inspectFor),
		ask: func(ctx context.Context) func(time.Time) {
			owner, ok, err := t.questions.lookups.Owner(ctx, ref)
			return func(now time.Time) {
				switch {
				case err != nil:
					t.missed(obj, now)
				case ok:
					t.met(obj, owner, now)
				}
			}
		},
	})
	if !put {
		a.again.failed(now, t.scale(checkAfter))
	}
}

// missed notes for all alerts about an object that it could not be asked for.
func (t *Tracker) missed(obj object, now time.Time) {
	for _, e := range t.byObject[obj] {
		if a := e.objects[obj]; !a.seen {
			a.again.failed(now, t.scale(checkAfter))
		}
	}
}

func (t *Tracker) met(obj object, owner occurrence.Object, now time.Time) {
	path := ""
	if objectOf(&owner) != obj {
		path = rule.ObjectPath(&owner)
	}
	for _, e := range t.byObject[obj] {
		e.objects[obj].seen = true
		if path != "" && e.ownerPath != path {
			e.ownerPath = path
			t.tell(e, now)
		}
	}
}

// tell lets what was learnt of an alert go out with its next refresh.
func (t *Tracker) tell(e *episode, now time.Time) {
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
		for obj, a := range e.objects {
			switch {
			case !a.seen && a.again.due(now):
				t.meet(e, obj, now)
			case a.seen && a.troubled() && a.quietSince(now, every):
				t.askThere(obj, a, now)
			}
		}
		if e.exitAgain.due(now) {
			t.askExit(e, now)
		}
	}
	t.next = earlier(t.next, e.checked.Add(every))
}

func (t *Tracker) askThere(obj object, a *affected, now time.Time) {
	ref := obj.ref(a.apiVersion)
	t.questions.put(question{
		key: questionKey{kind: there, obj: obj}, until: now.Add(inspectFor),
		ask: func(ctx context.Context) func(time.Time) {
			asked := time.Now() // what happens from here on is newer than the answer
			ok, err := t.questions.lookups.Exists(ctx, ref)
			return func(now time.Time) {
				if err == nil && !ok {
					t.gone(obj, asked, now)
				}
			}
		},
	})
}

// gone ends the trouble of an object that was not there at the time.
func (t *Tracker) gone(obj object, at, now time.Time) {
	o := &occurrence.Occurrence{At: at}
	for _, e := range t.byObject[obj] {
		if e.objects[obj].seen {
			t.recoverObject(e, obj, "", o, byGone, now)
		}
	}
}

func (o object) ref(apiVersion string) occurrence.Object {
	return occurrence.Object{APIVersion: apiVersion, Kind: o.kind, Namespace: o.namespace, Name: o.name}
}

// troubled tells whether a part of the object has not recovered.
func (a *affected) troubled() bool {
	for i := range a.parts {
		if !a.parts[i].recovered {
			return true
		}
	}
	return false
}
