package decode

import (
	"strconv"
	"strings"
	"time"
	"unicode/utf8"

	corev1 "k8s.io/api/core/v1"

	"github.com/kubebark/kubebark/exporter/occurrence"
)

// Event makes a core/v1 Event an [occurrence.Event]. Events of both recorders
// are stored as the same objects, so this one function serves both: what an
// events.k8s.io recorder writes arrives here with count 0 and a series.
// Invalid UTF-8 is replaced, since neither Prometheus nor JSON takes it.
func Event(e *corev1.Event) *occurrence.Event {
	v, err := strconv.ParseUint(e.ResourceVersion, 10, 64)
	if err != nil {
		v = 0 // hand-written, or a server whose versions are opaque
	}
	n := &occurrence.Event{
		Namespace: valid(e.Namespace),
		Name:      valid(e.Name),
		UID:       valid(string(e.UID)),
		Version:   v,
		Type:      valid(e.Type),
		Reason:    valid(e.Reason),
		Action:    valid(e.Action),
		Message:   valid(e.Message),
		Object: occurrence.Object{
			APIVersion: valid(e.InvolvedObject.APIVersion),
			Kind:       valid(e.InvolvedObject.Kind),
			Namespace:  valid(e.InvolvedObject.Namespace),
			Name:       valid(e.InvolvedObject.Name),
			UID:        valid(string(e.InvolvedObject.UID)),
			FieldPath:  valid(e.InvolvedObject.FieldPath),
		},
		Component:      valid(component(e)),
		Instance:       valid(e.ReportingInstance),
		Host:           valid(e.Source.Host),
		Count:          count(e),
		Counted:        e.Count >= 1 || e.Series != nil,
		SeriesRecorder: !e.EventTime.IsZero() && e.Count == 0,
		Created:        e.CreationTimestamp.Time,
	}
	n.First = earliest(e.FirstTimestamp.Time, e.EventTime.Time, e.CreationTimestamp.Time)
	n.Last = latest(e.FirstTimestamp.Time, e.LastTimestamp.Time, e.EventTime.Time, e.CreationTimestamp.Time)
	if e.Series != nil {
		n.Last = latest(n.Last, e.Series.LastObservedTime.Time)
	}
	return n
}

func valid(s string) string {
	if utf8.ValidString(s) { // which is the faster look
		return s
	}
	return strings.ToValidUTF8(s, "\uFFFD")
}

// component prefers the source's: client-go's aggregates, "(combined from
// similar events)", carry no reportingComponent while their siblings do.
func component(e *corev1.Event) string {
	if e.Source.Component != "" {
		return e.Source.Component
	}
	return e.ReportingController
}

// count is the number of occurrences that the object holds. The API server
// checks neither number; what is below 1 stands for the one occurrence that
// made somebody write the event.
func count(e *corev1.Event) int64 {
	c := int64(max(1, e.Count))
	if e.Series != nil {
		c = max(c, int64(e.Series.Count))
	}
	return c
}

func earliest(ts ...time.Time) time.Time {
	var first time.Time
	for _, t := range ts {
		if !t.IsZero() && (first.IsZero() || t.Before(first)) {
			first = t
		}
	}
	return first
}

func latest(ts ...time.Time) time.Time {
	var last time.Time
	for _, t := range ts {
		if t.After(last) {
			last = t
		}
	}
	return last
}
