package episode

import (
	"slices"
	"strings"
	"time"

	"github.com/kubebark/kubebark/alertbridge/rule"
	"github.com/kubebark/kubebark/exporter/occurrence"
)

// Event is one Event object of an episode, as it was last seen.
type Event struct {
	Namespace, Name string
	Object          string
	Message         string // shortened
	Count           int64
	Last            time.Time
}

const (
	maxEvents  = 5 // kept of an episode
	maxMessage = 300
	// maxKeptMessage is a little more than an annotation takes.
	maxKeptMessage = 5000
	// maxField is more than any name has that the API checks.
	maxField = 1024
)

// bound shortens what the API does not, so that what is kept of an event is
// bounded.
func bound(ev *occurrence.Event) {
	o := &ev.Object
	for _, s := range []*string{
		&ev.Type, &ev.Reason, &ev.Action, &ev.Component, &ev.Instance, &ev.Host,
		&o.APIVersion, &o.Kind, &o.Namespace, &o.Name, &o.UID, &o.FieldPath,
	} {
		shorten(s, maxField)
	}
}

// shorten copies the part that is kept, so that the rest can go.
func shorten(s *string, limit int) {
	if len(*s) > limit {
		*s = strings.Clone((*s)[:limit])
	}
}

// remember keeps the occurrence's event among the latest.
func (e *episode) remember(o *occurrence.Occurrence) {
	e.events = slices.DeleteFunc(e.events, func(ev Event) bool {
		return ev.Name == o.Name && ev.Namespace == o.Namespace
	})
	if len(e.events) >= maxEvents {
		e.events = slices.Delete(e.events, 0, len(e.events)-maxEvents+1)
	}
	m := o.Message
	if len(m) > maxMessage {
		m = strings.ToValidUTF8(strings.Clone(m[:maxMessage]), "") + "…"
	}
	e.events = append(e.events, Event{
		Namespace: o.Namespace, Name: o.Name, Object: rule.ObjectPath(&o.Object), Message: m,
		Count: max(1, o.Count), Last: o.At,
	})
}
