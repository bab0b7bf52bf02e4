package decode

import (
	"encoding/json"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

// object is a core/v1 Event with the fields that are used, and no others. The
// type in k8s.io/api has more, of which the managed fields are the bulk, and
// its package links every other kind there is; tests hold what is read here
// against what that type reads.
type object struct {
	Metadata           metadata
	InvolvedObject     reference
	Reason             string
	Message            string
	Source             source
	FirstTimestamp     metav1.Time
	LastTimestamp      metav1.Time
	Count              int32
	Type               string
	EventTime          metav1.MicroTime
	Series             *series
	Action             string
	ReportingComponent string
	ReportingInstance  string
}

type metadata struct {
	Name              string
	Namespace         string
	UID               string
	ResourceVersion   string
	CreationTimestamp metav1.Time
}

type reference struct {
	Kind       string
	Namespace  string
	Name       string
	UID        string
	APIVersion string
	FieldPath  string
}

type source struct {
	Component string
	Host      string
}

type series struct {
	Count            int32
	LastObservedTime metav1.MicroTime
}

// eventsV1 is what an Event of events.k8s.io/v1 calls differently.
type eventsV1 struct {
	Regarding                reference
	Note                     string
	DeprecatedSource         source
	DeprecatedFirstTimestamp metav1.Time
	DeprecatedLastTimestamp  metav1.Time
	DeprecatedCount          int32
	ReportingController      string
}

// unmarshalJSON reads an Event of either group. For events.k8s.io it does what
// the API server's own conversion does (pkg/apis/events/v1 of
// k8s.io/kubernetes): one stored object, two vocabularies.
func (o *object) unmarshalJSON(data []byte, apiVersion string) error {
	if err := json.Unmarshal(data, o); err != nil || apiVersion != "events.k8s.io/v1" {
		return err
	}
	var v eventsV1
	if err := json.Unmarshal(data, &v); err != nil {
		return err
	}
	o.InvolvedObject, o.Message, o.Source = v.Regarding, v.Note, v.DeprecatedSource
	o.FirstTimestamp, o.LastTimestamp = v.DeprecatedFirstTimestamp, v.DeprecatedLastTimestamp
	o.Count, o.ReportingComponent = v.DeprecatedCount, v.ReportingController
	return nil
}
