package episode

import (
	"context"
	"time"

	"github.com/kubebark/kubebark/alertbridge/identity"
	"github.com/kubebark/kubebark/alertbridge/rule"
	"github.com/kubebark/kubebark/exporter/occurrence"
)

const (
	maxHeld = 5000 // occurrences that wait for their identity
	// patience is how long an occurrence waits for its identity before it goes
	// without.
	patience = 5 * time.Second
)

// waiting is the occurrences that wait until it is known to whom their object
// belongs. What comes about the same object meanwhile waits behind, so that
// all is taken in its order.
type waiting struct {
	objects map[object][]occurrence.Occurrence
	count   int
}

// hold keeps an occurrence back whose alert is about an owner that has to be
// asked for first, and what must come after such a one. Where there is no room
// to wait it goes on without.
func (t *Tracker) hold(r *rule.Rule, o *occurrence.Occurrence, now time.Time) bool {
	if t.questions.lookups == nil {
		return false
	}
	if t.follows(o, now) {
		return true
	}
	if !aboutOwner(r) || r.Drop || t.waiting.count >= maxHeld {
		return false
	}
	if _, ok := t.settled(r, o); ok || !t.askOwner(o.Object, now) {
		return false
	}
	t.wait(objectOf(&o.Object), o)
	return true
}

// follows puts an occurrence behind one that waits, if it must come after it.
func (t *Tracker) follows(o *occurrence.Occurrence, now time.Time) bool {
	if len(t.waiting.objects) == 0 {
		return false
	}
	for _, before := range append(goneBy(&o.Event), objectOf(&o.Object)) {
		if _, ok := t.waiting.objects[before]; !ok {
			continue
		}
		if t.waiting.count < maxHeld {
			t.wait(before, o)
			return true
		}
		t.release(before, identity.Owner{}, now)
	}
	return false
}

// aboutOwner tells whether alerts by the rule, which may be nil, are about owners.
func aboutOwner(r *rule.Rule) bool { return r != nil && r.Identity == identity.ModeOwner }

func (t *Tracker) wait(obj object, o *occurrence.Occurrence) {
	c := *o
	shorten(&c.Message, maxKeptMessage)
	t.waiting.objects[obj] = append(t.waiting.objects[obj], c)
	t.waiting.count++
}

// askOwner asks to whom an object belongs and lets those go on that wait for it.
func (t *Tracker) askOwner(ref occurrence.Object, now time.Time) bool {
	obj := objectOf(&ref)
	return t.questions.put(question{
		key: questionKey{kind: whose, obj: obj}, until: now.Add(patience),
		ask: func(ctx context.Context) func(time.Time) {
			owner, ok, err := t.questions.lookups.Owner(ctx, ref)
			var id identity.Owner
			if ok && err == nil {
				id = identity.Owner{Kind: owner.Kind, Name: owner.Name}
			}
			return func(now time.Time) { t.release(obj, id, now) }
		},
	})
}

// release lets the occurrences go on that wait for the object's owner, which
// is zero if it could not be told.
func (t *Tracker) release(obj object, owner identity.Owner, now time.Time) {
	held := t.waiting.objects[obj]
	delete(t.waiting.objects, obj)
	t.waiting.count -= len(held)
	for i := range held {
		o := &held[i]
		if objectOf(&o.Object) != obj {
			t.take(o, now)
			continue
		}
		r := t.settings.Rules.Match(&o.Event)
		id, ok := t.settled(r, o)
		if !ok {
			id = owner
		}
		t.move(r, o, id, now)
	}
}

// settled returns the owner that an episode of the occurrence's object and
// reason has, which it keeps as long as it lasts.
func (t *Tracker) settled(r *rule.Rule, o *occurrence.Occurrence) (owner identity.Owner, ok bool) {
	if !aboutOwner(r) {
		return identity.Owner{}, false
	}
	for _, a := range t.subjects.about(objectOf(&o.Object)) {
		if e := a.episode; e.rule.Identity == identity.ModeOwner && e.event.Reason == o.Reason && e.event.Type == o.Type {
			return e.owner, true
		}
	}
	return identity.Owner{}, false
}
