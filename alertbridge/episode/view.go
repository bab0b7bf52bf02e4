package episode

import (
	"cmp"
	"slices"
	"time"

	"github.com/kubebark/kubebark/alertbridge/rule"
)

// View is an episode as people are shown it.
type View struct {
	Fingerprint string
	State       State
	Labels      map[string]string
	Annotations map[string]string
	Rule        *rule.Rule
	Folded      bool

	ActiveAt time.Time // the first occurrence
	Last     time.Time // the latest one
	StartsAt time.Time // zero while pending
	// EndsAt is when it ended or will if nothing more is heard.
	EndsAt    time.Time
	KeptAlive bool // its silence is excused by another reason's noise
	// Recovering tells that all objects have recovered, which must still hold
	// for a while.
	Recovering bool
	Count      int64
	Events     []Event  // the latest ones, the newest first
	Objects    []string // affected ones, no more than a few
	Affected   int
	More       bool // there are more than Affected
	Recovered  int  // of the affected ones
}

// maxShown bounds how many objects of an episode are shown by name.
const maxShown = 20

// Views returns all episodes, firing ones first, each kind the latest first.
func (t *Tracker) Views() []View {
	t.mu.Lock()
	defer t.mu.Unlock()
	vs := make([]View, 0, len(t.active)+len(t.ended))
	for _, e := range t.active {
		vs = append(vs, t.view(e))
	}
	for _, e := range t.ended {
		vs = append(vs, t.view(e))
	}
	rank := [...]int{Firing: 0, Pending: 1, Ended: 2}
	slices.SortFunc(vs, func(a, b View) int {
		return cmp.Or(cmp.Compare(rank[a.State], rank[b.State]), b.Last.Compare(a.Last), cmp.Compare(a.Fingerprint, b.Fingerprint))
	})
	return vs
}

func (t *Tracker) view(e *episode) View {
	v := View{
		Fingerprint: e.fp.String(), State: e.state, Labels: e.labels, Annotations: t.annotations(e),
		Rule: e.rule, Folded: e.folded, ActiveAt: e.first, Last: e.last, StartsAt: e.startsAt, EndsAt: e.deadline(),
		KeptAlive: e.kept.After(e.last), Count: e.count, Affected: e.many(), More: e.more,
	}
	v.Events = slices.Clone(e.events)
	slices.Reverse(v.Events)
	if e.state == Ended {
		v.EndsAt = e.endedAt
	} else {
		v.Recovering = !e.recovered.IsZero()
	}
	for _, a := range e.objects {
		if !a.troubled() {
			v.Recovered++
		}
		ref := a.subject.ref()
		v.Objects = append(v.Objects, rule.ObjectPath(&ref))
	}
	slices.Sort(v.Objects)
	v.Objects = v.Objects[:min(maxShown, len(v.Objects))]
	return v
}
