package decode

import (
	"strconv"
	"time"

	"github.com/kubebark/kubebark/exporter/occurrence"
)

// fill makes e what the object is. Events of both recorders are
// stored as the same objects, so this one function serves both: what an
// events.k8s.io recorder writes arrives here with count 0 and a series.
func (o *object) fill(e *occurrence.Event) {
	v, err := strconv.ParseUint(o.Metadata.ResourceVersion, 10, 64)
	if err != nil {
		v = 0 // hand-written, or a server whose versions are opaque
	}
	*e = occurrence.Event{
		Namespace: o.Metadata.Namespace,
		Name:      o.Metadata.Name,
		UID:       o.Metadata.UID,
		Version:   v,
		Type:      o.Type,
		Reason:    o.Reason,
		Action:    o.Action,
		Message:   o.Message,
		Object: occurrence.Object{
			APIVersion: o.InvolvedObject.APIVersion,
			Kind:       o.InvolvedObject.Kind,
			Namespace:  o.InvolvedObject.Namespace,
			Name:       o.InvolvedObject.Name,
			UID:        o.InvolvedObject.UID,
			FieldPath:  o.InvolvedObject.FieldPath,
		},
		Component:      o.component(),
		Instance:       o.ReportingInstance,
		Host:           o.Source.Host,
		Count:          o.count(),
		Counted:        o.Count >= 1 || o.Series != nil,
		SeriesRecorder: !o.EventTime.IsZero() && o.Count == 0,
		Created:        written(o.Metadata.CreationTimestamp.Time),
	}
	e.First = earliest(o.FirstTimestamp.Time, o.EventTime.Time, e.Created)
	e.Last = latest(o.FirstTimestamp.Time, o.LastTimestamp.Time, o.EventTime.Time, e.Created)
	if o.Series != nil {
		e.Last = latest(e.Last, o.Series.LastObservedTime.Time)
	}
}

// component prefers the source's: client-go's aggregates, "(combined from
// similar events)", carry no reportingComponent while their siblings do.
func (o *object) component() string {
	if o.Source.Component != "" {
		return o.Source.Component
	}
	return o.ReportingComponent
}

// count is the number of occurrences that the object holds. The API server
// checks neither number; what is below 1 stands for the one occurrence that
// made somebody write the event.
func (o *object) count() int64 {
	c := int64(max(1, o.Count))
	if o.Series != nil {
		c = max(c, int64(o.Series.Count))
	}
	return c
}

// written returns the time, or none if it is one that cannot be written: years
// have four digits in RFC 3339, but in protobuf a client may send any.
func written(t time.Time) time.Time {
	if y := t.UTC().Year(); y < 1 || y > 9999 {
		return time.Time{}
	}
	return t
}

func earliest(ts ...time.Time) time.Time {
	var first time.Time
	for _, t := range ts {
		if t = written(t); !t.IsZero() && (first.IsZero() || t.Before(first)) {
			first = t
		}
	}
	return first
}

func latest(ts ...time.Time) time.Time {
	var last time.Time
	for _, t := range ts {
		if t = written(t); t.After(last) {
			last = t
		}
	}
	return last
}
