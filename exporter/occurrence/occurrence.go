// Package occurrence is the vocabulary of the flow from a watch to the
// counters, the alerts and the event log. It knows no Kubernetes library, so
// that whoever consumes occurrences need not link one.
//
// A Kubernetes Event object stands for one or more occurrences of the same
// thing: its recorder raises the object's count instead of writing a new one.
// An [Event] is such an object as it is now, both API vocabularies made one.
// An [Occurrence] is what a change of it tells: how many occurrences are new,
// and when the latest of them was.
package occurrence

import "time"

// Types of events that the API knows. Others are allowed in core/v1 and come
// through unchanged in [Event.Type].
const (
	Normal  = "Normal"
	Warning = "Warning"
)

// Object is a reference to a Kubernetes object. FieldPath names a part of it,
// for a pod the container: spec.containers{app}.
type Object struct {
	APIVersion string
	Kind       string
	Namespace  string
	Name       string
	UID        string
	FieldPath  string
}

// Event is one Kubernetes Event object, normalised.
type Event struct {
	Namespace string // of the Event object, not of the involved one
	Name      string
	UID       string
	Version   uint64 // metadata.resourceVersion; 0 where there is none

	Type    string
	Reason  string
	Action  string
	Message string
	Object  Object // the involved object

	Component string // source.component, else reportingComponent
	Instance  string // reportingInstance
	Host      string // source.host

	// Count is the number of occurrences that the object holds, at least 1:
	// the greater of count and series.count.
	Count int64
	// Counted tells that the writer keeps a count or a series; one that does
	// not may write the object anew for each occurrence.
	Counted bool
	// SeriesRecorder tells that an events.k8s.io recorder wrote the event. It
	// writes the repeats of a series only every 30 minutes, and has no spam
	// filter.
	SeriesRecorder bool

	Created time.Time // metadata.creationTimestamp
	First   time.Time // earliest time that the object carries
	Last    time.Time // latest time that the object carries
}

// Origin says how a change came to be known.
type Origin uint8

// The origins of a change.
const (
	Watched  Origin = iota // seen on the watch as it happened
	Listed                 // found in a list, at a start or after a gap
	Replayed               // read from a file
)

// String returns the origin in lower case.
func (o Origin) String() string {
	switch o {
	case Watched:
		return "watched"
	case Listed:
		return "listed"
	case Replayed:
		return "replayed"
	}
	return "unknown"
}

// Occurrence is one change of an event: what is new, and since when.
type Occurrence struct {
	Event

	// New is how many occurrences the change adds. It is 0 for one that
	// happened before the exporter first watched: history, which is not
	// counted but of which an alert may still be due.
	New int64
	// At is when the latest of them was: the time of arrival when seen on the
	// watch; the event's latest time, never after the arrival, when listed.
	At time.Time
	// Origin says how the change came to be known.
	Origin Origin
	// Inexact tells that New follows a stated assumption, since the truth
	// cannot be known.
	Inexact bool
}

// History tells whether the occurrence happened before the exporter first
// watched.
func (o *Occurrence) History() bool { return o.New == 0 }

// Sink takes occurrences in the order in which they are found. Its methods are
// called from one goroutine at a time and must not block for long: the watch
// waits for them.
type Sink interface {
	// Observe takes one occurrence. It may keep o's strings but not o.
	Observe(o *Occurrence)
	// Synced tells that a list has come to its end: all that was observed
	// with the origin Listed since the last call belongs together, in no
	// particular order.
	Synced()
}
