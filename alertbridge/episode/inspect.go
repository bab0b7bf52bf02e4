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
)

// inspect asks about the objects of an alert that begins to fire, and once why
// a pod's container does not run. The alert does not wait for it.
func (t *Tracker) inspect(e *episode, now time.Time) {
	if t.questions.lookups == nil || e.folded {
		return
	}
	for obj := range e.objects {
		t.meet(e, obj, now)
	}
	if !t.settings.PodStatus || e.event.Object.Kind != "Pod" {
		return
	}
	ref := e.event.Object
	t.questions.put(question{
		key: questionKey{exit, objectOf(&ref), e.fp}, until: now.Add(inspectFor),
		ask: func(ctx context.Context) func(time.Time) {
			text, err := t.questions.lookups.PodStatus(ctx, ref)
			return func(now time.Time) {
				if err == nil && text != "" {
					e.exit = text
					t.tell(e, now)
				}
			}
		},
	})
}

// meet asks who an object of a firing alert is: whom it belongs to, and that
// it is there at all. Only what has been there can be gone.
func (t *Tracker) meet(e *episode, obj object, now time.Time) {
	if t.questions.lookups == nil {
		return
	}
	ref := obj.ref(e.objects[obj].apiVersion)
	t.questions.put(question{
		key: questionKey{kind: known, obj: obj}, until: now.Add(inspectFor),
		ask: func(ctx context.Context) func(time.Time) {
			owner, ok, err := t.questions.lookups.Owner(ctx, ref)
			return func(now time.Time) {
				if err == nil && ok {
					t.met(obj, owner, now)
				}
			}
		},
	})
}

func (t *Tracker) met(obj object, owner occurrence.Object, now time.Time) {
	path := ""
	if objectOf(&owner) != obj {
		path = rule.ObjectPath(&owner)
	}
	for e := range t.byObject[obj] {
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
// are still there.
func (t *Tracker) check(e *episode, now time.Time) {
	if t.questions.lookups == nil || e.folded {
		return
	}
	every := t.scale(checkAfter)
	if now.Sub(e.checked) >= every {
		e.checked = now
		for obj, a := range e.objects {
			if a.seen && a.troubled() && a.quietSince(now, every) {
				t.askThere(obj, a, now)
			}
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
	for e := range t.byObject[obj] {
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
