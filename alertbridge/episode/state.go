package episode

import (
	"cmp"
	"maps"
	"slices"
	"time"
	"unique"

	"github.com/kubebark/kubebark/alertbridge/identity"
	"github.com/kubebark/kubebark/alertbridge/notify"
	"github.com/kubebark/kubebark/alertbridge/rule"
	"github.com/kubebark/kubebark/exporter/occurrence"
)

// Saved is an episode as it is kept over a restart. It holds what a list of
// events cannot bring back: when the alert began, what was counted, and
// troubles whose events have expired.
type Saved struct {
	Labels      map[string]string `json:"labels"`
	Folded      bool              `json:"folded,omitempty"`
	State       State             `json:"state"`
	Event       occurrence.Event  `json:"event"`
	Count       int64             `json:"count"`
	First       time.Time         `json:"first"`
	Last        time.Time         `json:"last"`
	Kept        time.Time         `json:"kept,omitzero"`
	Hits        []SavedHit        `json:"hits,omitempty"`
	Objects     []SavedObject     `json:"objects,omitempty"`
	More        bool              `json:"more,omitempty"`
	WasMany     int               `json:"wasMany,omitempty"`
	Recovered   time.Time         `json:"recovered,omitzero"`
	RecoveredBy string            `json:"by,omitempty"`
	StartsAt    time.Time         `json:"startsAt,omitzero"`
	SentEnd     time.Time         `json:"told,omitzero"`
	EndedAt     time.Time         `json:"endedAt,omitzero"`
	EndedBy     string            `json:"endedBy,omitempty"`
	Owner       identity.Owner    `json:"owner,omitzero"`
	OwnerPath   string            `json:"ownerPath,omitempty"`
	Exit        string            `json:"exit,omitempty"`
}

// SavedHit is some occurrences of a pending episode.
type SavedHit struct {
	At time.Time `json:"at"`
	N  int64     `json:"n"`
}

// SavedObject is an affected object.
type SavedObject struct {
	Kind      string      `json:"kind,omitempty"`
	Namespace string      `json:"namespace,omitempty"`
	Name      string      `json:"name,omitempty"`
	Version   string      `json:"apiVersion,omitempty"`
	Seen      bool        `json:"seen,omitempty"`
	Parts     []SavedPart `json:"parts"`
}

// SavedPart is the trouble of one container of an object.
type SavedPart struct {
	Path      string    `json:"path,omitempty"`
	Component string    `json:"component,omitempty"`
	Host      string    `json:"host,omitempty"`
	Type      string    `json:"type,omitempty"`
	Version   uint64    `json:"version,omitempty"`
	Last      time.Time `json:"last"`
	Kept      time.Time `json:"kept,omitzero"`
	Series    bool      `json:"series,omitempty"`
	Recovered bool      `json:"recovered,omitempty"`
}

// Save returns all episodes, always in the same order, for [Tracker.Restore] of
// a later run.
func (t *Tracker) Save() []Saved {
	t.mu.Lock()
	defer t.mu.Unlock()
	ss := make([]Saved, 0, len(t.active)+len(t.ended))
	for _, es := range []map[notify.Fingerprint]*episode{t.active, t.ended} {
		for _, fp := range slices.Sorted(maps.Keys(es)) {
			ss = append(ss, es[fp].save())
		}
	}
	return ss
}

func (e *episode) save() Saved {
	s := Saved{
		Labels: e.labels, Folded: e.folded, State: e.state, Event: e.event, Count: e.count,
		First: e.first, Last: e.last, Kept: e.kept, More: e.more, WasMany: e.wasMany, Recovered: e.recovered, RecoveredBy: e.recoveredBy,
		StartsAt: e.startsAt, SentEnd: e.sentEnd, EndedAt: e.endedAt, EndedBy: e.endedBy,
		Owner: e.owner, OwnerPath: e.ownerPath, Exit: e.exit,
	}
	for _, h := range e.hits {
		s.Hits = append(s.Hits, SavedHit{h.at, h.n})
	}
	for _, a := range e.objects {
		s.Objects = append(s.Objects, a.save())
	}
	slices.SortFunc(s.Objects, func(a, b SavedObject) int {
		return cmp.Or(cmp.Compare(a.Kind, b.Kind), cmp.Compare(a.Namespace, b.Namespace), cmp.Compare(a.Name, b.Name))
	})
	return s
}

// Restore takes up the episodes of an earlier run, before anything is
// observed, as the rules in force raise them.
func (t *Tracker) Restore(ss []Saved) {
	t.mu.Lock()
	defer t.mu.Unlock()
	now := time.Now()
	for i := range ss {
		e := ss[i].episode()
		if e.state > Ended || e.last.After(now) {
			continue
		}
		if e.rule = t.settings.Rules.Match(&e.event); e.rule == nil {
			e.rule = &rule.Rule{}
		}
		e.quiet = t.scale(e.rule.KeepFiringFor(&e.event))
		if e.state == Ended {
			t.ended[e.fp] = e
			continue
		}
		t.active[e.fp] = e
		if e.folded {
			t.folds++
		}
		for _, so := range ss[i].Objects {
			if ref := so.ref(); t.subjects.find(e, objectOf(&ref)) == nil {
				t.subjects.join(e, so.affected(), &ref)
			}
		}
		if e.state == Firing {
			t.inspect(e, now)
		}
	}
	t.conformAll(now)
	t.since = time.Time{} // what has happened since is still to come in
}

func (s *Saved) episode() *episode {
	e := &episode{
		fp: notify.FingerprintOf(s.Labels), labels: s.Labels, folded: s.Folded, state: s.State, event: s.Event, count: s.Count,
		first: s.First, last: s.Last, kept: s.Kept, more: s.More, wasMany: s.WasMany, recovered: s.Recovered, recoveredBy: s.RecoveredBy,
		startsAt: s.StartsAt, sentEnd: s.SentEnd, endedAt: s.EndedAt, endedBy: s.EndedBy,
		owner: s.Owner, ownerPath: s.OwnerPath, exit: s.Exit,
	}
	for _, h := range s.Hits {
		e.hits = append(e.hits, hit{h.At, h.N})
	}
	return e
}

func (a *affected) save() SavedObject {
	ref := a.subject.ref()
	so := SavedObject{Kind: ref.Kind, Namespace: ref.Namespace, Name: ref.Name, Version: ref.APIVersion, Seen: a.asked.answered}
	for p := range a.parts() {
		from := p.source.Value()
		so.Parts = append(so.Parts, SavedPart{
			p.path, from.component, from.host, from.eventType, p.version, p.last.time(), p.kept.time(), p.series, p.recovered,
		})
	}
	return so
}

func (so *SavedObject) ref() occurrence.Object {
	return occurrence.Object{APIVersion: so.Version, Kind: so.Kind, Namespace: so.Namespace, Name: so.Name}
}

func (so *SavedObject) affected() *affected {
	a := &affected{asked: asked{answered: so.Seen}, first: part{source: unique.Make(source{}), recovered: true}}
	p := &a.first
	for i, s := range so.Parts {
		if i > 0 {
			p.next = new(part)
			p = p.next
		}
		*p = part{
			path: s.Path, source: unique.Make(source{s.Component, s.Host, s.Type}), version: s.Version,
			last: momentOf(s.Last), kept: momentOf(s.Kept), series: s.Series, recovered: s.Recovered,
		}
	}
	return a
}
