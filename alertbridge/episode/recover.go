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
		for _, a := range t.subjects.about(obj) {
			t.recoverObject(a, "", o, byGone, now)
		}
	}
	t.empty(o, now)
	if !t.settings.Rules.Recovery(o.Reason) {
		return
	}
	for _, a := range t.subjects.about(objectOf(&o.Object)) {
		if a.episode.rule != r && a.episode.rule.Resolves(o.Reason) {
			t.recoverObject(a, o.Object.FieldPath, o, byRecovery+o.Reason, now)
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
	for obj, troubles := range t.subjects.all() {
		by := byGone
		switch {
		case obj == object{"ReplicaSet", namespace, name}:
			by = byRecovery + o.Reason
		case !obj.podOf(namespace, name):
			continue
		}
		for _, a := range troubles {
			t.recoverObject(a, "", o, by, now)
		}
	}
}

func (t *Tracker) recoverObject(a *affected, path string, o *occurrence.Occurrence, by string, now time.Time) {
	if !a.recover(path, o.Version, o.At) {
		return
	}
	e := a.episode
	e.changed = true
	if !e.allRecovered() {
		return
	}
	e.recovered, e.recoveredBy = o.At, by
	t.settle(e, now)
}

// settle ends an episode that has recovered for as long as its rule wants.
func (t *Tracker) settle(e *episode, now time.Time) {
	if e.recovered.IsZero() {
		return
	}
	hold := t.scale(e.rule.ResolveAfter)
	if e.recoveredBy == byGone {
		hold = 0
	}
	if at := e.recovered.Add(hold); now.Before(at) {
		t.stir(at)
		return
	}
	t.end(e, e.recovered, now, e.recoveredBy)
}

// keepAlive lets a write that emptied its bucket excuse the silence of the
// other reasons that its source has to write about the object. A recovery that
// must hold for a while has not held by such a silence.
func (t *Tracker) keepAlive(o *occurrence.Occurrence) {
	as := t.subjects.about(objectOf(&o.Object))
	if len(as) == 0 {
		return
	}
	src := sourceOf(&o.Event)
	for _, a := range as {
		e := a.episode
		if e.rule.Once || e.event.Reason == o.Reason {
			continue
		}
		for p := range a.parts() {
			if p.source != src || p.series || p.recovered && e.recovered.IsZero() {
				continue
			}
			p.kept, e.kept = momentOf(o.At), later(e.kept, o.At)
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
	e.objects = slices.DeleteFunc(e.objects, func(a *affected) bool {
		quiet := a.quietSince(now, e.quiet)
		if quiet {
			t.subjects.leave(a)
		}
		return quiet
	})
	if e.recovered.IsZero() && e.allRecovered() {
		t.end(e, now, now, t.quietText(e))
		return true
	}
	return false
}
