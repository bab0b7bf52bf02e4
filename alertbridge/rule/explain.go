package rule

import (
	"time"

	"github.com/kubebark/kubebark/alertbridge/identity"
	"github.com/kubebark/kubebark/exporter/occurrence"
)

// Explanation is what the rules make of one event.
type Explanation struct {
	Rule    string // the rule that matched; "" if none did
	Why     string
	Dropped bool
	// Alerts tells that the event makes an alert, which the fields below
	// describe.
	Alerts         bool
	Labels         map[string]string
	Annotations    map[string]string
	For            time.Duration
	MinOccurrences int
	Within         time.Duration
	KeepFiringFor  time.Duration
	ResolveOn      []string
	ResolveAfter   time.Duration // how long a recovery must hold
	// Recovery tells that events of this reason end other alerts.
	Recovery bool
}

// Explain tells what the rules make of the event.
func (s *Set) Explain(ev *occurrence.Event) Explanation {
	e := Explanation{Recovery: s.Recovery(ev.Reason)}
	r := s.Match(ev)
	if r == nil {
		return e
	}
	e.Rule, e.Why, e.Dropped, e.Alerts = r.Name, r.Why, r.Drop, !r.Drop
	if r.Drop {
		return e
	}
	e.Labels, _ = r.Labels(ev, identity.Owner{})
	e.Annotations, _ = r.Annotations(&Facts{
		Event: ev, Labels: e.Labels, Objects: 1, Count: max(1, ev.Count), First: ev.First, Last: ev.Last,
	})
	e.For, e.MinOccurrences, e.Within = r.For, r.MinOccurrences, r.Within
	e.KeepFiringFor, e.ResolveOn, e.ResolveAfter = r.KeepFiringFor(ev), r.ResolveOn, r.ResolveAfter
	return e
}
