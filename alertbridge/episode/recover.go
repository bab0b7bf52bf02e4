package episode

import (
	"slices"
	"time"

	"github.com/kubebark/kubebark/alertbridge/rule"
	"github.com/kubebark/kubebark/exporter/occurrence"
)

// What an end is told to be.
const (
	byRecovery = "recovery: "
	byGone     = "object gone"
	byQuiet    = "quiet for "

	byConfiguration = "configuration changed"
)

// recover lets an occurrence end the trouble of the objects that it tells of,
// but not that of the rule which it matches itself: there are reasons that tell
// success and failure apart by their type.
func (t *Tracker) recover(r *rule.Rule, o *occurrence.Occurrence, now time.Time) {
	for _, obj := range goneBy(&o.Event) {
		for _, e := range t.byObject[obj] {
			t.recoverObject(e, obj, "", o, byGone, now)
		}
	}
	t.empty(o, now)
	if !t.settings.Rules.Recovery(o.Reason) {
		return
	}
	obj := objectOf(&o.Object)
	for _, e := range t.byObject[obj] {
		if e.rule != r && e.rule.Resolves(o.Reason) {
			t.recoverObject(e, obj, o.Object.FieldPath, o, byRecovery+o.Reason, now)
		}
	}
}

// empty ends the trouble of a ReplicaSet that is to have no pods any more, and
// theirs.
func (t *Tracker) empty(o *occurrence.Occurrence, now time.Time) {
	namespace, name, ok := emptied(&o.Event)
	if !ok {
		return
	}
	for obj, es := range t.byObject {
		by := byGone
		switch {
		case obj == object{"ReplicaSet", namespace, name}:
			by = byRecovery + o.Reason
		case !obj.podOf(namespace, name):
			continue
		}
		for _, e := range es {
			t.recoverObject(e, obj, "", o, by, now)
		}
	}
}

func (t *Tracker) recoverObject(e *episode, obj object, path string, o *occurrence.Occurrence, by string, now time.Time) {
	if !e.objects[obj].recover(path, o.Version, o.At) {
		return
	}
	e.changed = true
	if !e.allRecovered() {
		return
	}
	e.recovered, e.by = o.At, by
	t.settle(e, now)
}

// settle ends an episode that has recovered for as long as its rule wants.
func (t *Tracker) settle(e *episode, now time.Time) {
	if e.recovered.IsZero() {
		return
	}
	hold := t.scale(e.rule.ResolveAfter)
	if e.by == byGone {
		hold = 0
	}
	if at := e.recovered.Add(hold); now.Before(at) {
		t.stir(at)
		return
	}
	t.end(e, e.recovered, now, e.by)
}

// keepAlive lets a write that emptied its bucket excuse the silence of the
// other reasons that its source has to write about the object. A recovery that
// must hold for a while has not held by such a silence.
func (t *Tracker) keepAlive(o *occurrence.Occurrence) {
	obj, src := objectOf(&o.Object), sourceOf(&o.Event)
	for _, e := range t.byObject[obj] {
		if e.rule.Once || e.event.Reason == o.Reason {
			continue
		}
		for i := range e.objects[obj].parts {
			p := &e.objects[obj].parts[i]
			if p.source != src || p.series || p.recovered && e.recovered.IsZero() {
				continue
			}
			p.kept, e.kept = o.At, later(e.kept, o.At)
			if !e.recovered.IsZero() {
				e.recovered = o.At
			}
		}
	}
}

// prune forgets objects that have been quiet for long, so that one which was
// deleted unseen does not hold up the end of the others' trouble. It tells
// whether the episode ended by that.
func (t *Tracker) prune(e *episode, now time.Time) (ended bool) {
	e.pruned = now
	if len(e.objects) < 2 {
		return false
	}
	for obj, a := range e.objects {
		if a.quietSince(now, e.quiet) {
			delete(e.objects, obj)
			t.unindex(e, obj)
		}
	}
	if e.recovered.IsZero() && e.allRecovered() {
		t.end(e, now, now, t.quietText(e))
		return true
	}
	return false
}

// objectsPerAlert bounds, on the average, how many objects are kept for each
// of the alerts that there may be.
const objectsPerAlert = 10

func (t *Tracker) index(e *episode, obj object) {
	es := t.byObject[obj]
	if slices.Contains(es, e) {
		return
	}
	t.byObject[obj] = append(es, e)
	t.kept++
}

// unindex makes a new slice, for somebody may be going through the old one.
func (t *Tracker) unindex(e *episode, obj object) {
	es := t.byObject[obj]
	i := slices.Index(es, e)
	if i < 0 {
		return
	}
	t.kept--
	if len(es) == 1 {
		delete(t.byObject, obj)
		return
	}
	t.byObject[obj] = slices.Concat(es[:i], es[i+1:])
}
