package record

import (
	"strings"
	"time"

	"github.com/kubebark/kubebark/exporter/occurrence"
)

// Record is one line of the log. The tag doc tells what a field means; the
// schema and the manual are made of it.
type Record struct {
	Timestamp         time.Time `json:"timestamp" doc:"when the latest of the occurrences was: its arrival, or the event's own time where it was found in a list"`
	ObservedTimestamp time.Time `json:"observed_timestamp" doc:"when the exporter learned of it"`
	SeverityText      string    `json:"severity_text" doc:"INFO for a Normal event, WARN for any other"`
	SeverityNumber    int       `json:"severity_number" doc:"the same as a number: 9 or 13"`
	Body              string    `json:"body" doc:"the event's message"`

	ID          string `json:"event.id" doc:"the same wherever the same change of the same event is written; it tells duplicates"`
	Occurrences int64  `json:"occurrences" doc:"how many occurrences the record stands for: the last of those that k8s.event.count counts"`
	Inexact     bool   `json:"inexact,omitempty" doc:"occurrences is an assumption: of an event from before the watch one is taken for new"`
	Origin      string `json:"origin" doc:"watched, listed (found in a list at a start or after a gap) or replayed"`

	Cluster  string            `json:"k8s.cluster.name,omitempty" doc:"the external label cluster"`
	External map[string]string `json:"external_labels,omitempty" doc:"the other external labels"`

	Type      string    `json:"k8s.event.type,omitempty" doc:"Normal, Warning, or what the writer calls it"`
	Reason    string    `json:"k8s.event.reason,omitempty" doc:"why the event was written, in one word"`
	Action    string    `json:"k8s.event.action,omitempty" doc:"what was done or failed"`
	Namespace string    `json:"k8s.event.namespace,omitempty" doc:"where the Event object is"`
	Name      string    `json:"k8s.event.name,omitempty" doc:"the Event object's name"`
	UID       string    `json:"k8s.event.uid,omitempty" doc:"the Event object's UID"`
	Version   uint64    `json:"k8s.event.resource_version,omitempty" doc:"the Event object's resource version"`
	Count     int64     `json:"k8s.event.count" doc:"how many occurrences the Event object stands for"`
	Counted   bool      `json:"k8s.event.counted,omitempty" doc:"the writer keeps a count or a series"`
	Series    bool      `json:"k8s.event.series_recorder,omitempty" doc:"a recorder of events.k8s.io wrote it; it writes repeats every 30 minutes"`
	Component string    `json:"k8s.event.reporting_component,omitempty" doc:"who reports"`
	Instance  string    `json:"k8s.event.reporting_instance,omitempty" doc:"which of them"`
	Host      string    `json:"k8s.event.host,omitempty" doc:"the host of the component that reports"`
	Created   time.Time `json:"k8s.event.creation_time,omitzero" doc:"when the Event object was made"`
	First     time.Time `json:"k8s.event.start_time,omitzero" doc:"the earliest time that the event carries"`
	Last      time.Time `json:"k8s.event.last_time,omitzero" doc:"the latest time that the event carries"`

	Object
	Enrichment

	Rule        string `json:"alert.rule,omitempty" doc:"the rule that decides about the event"`
	Fingerprint string `json:"alert.fingerprint,omitempty" doc:"the alert's fingerprint in Alertmanager and on /alerts; none where the rule drops it"`
}

// Object is what the event is about.
type Object struct {
	ObjectKind      string `json:"k8s.object.kind,omitempty" doc:"the involved object's kind"`
	ObjectNamespace string `json:"k8s.namespace.name,omitempty" doc:"the involved object's namespace"`
	ObjectName      string `json:"k8s.object.name,omitempty" doc:"the involved object's name"`
	ObjectUID       string `json:"k8s.object.uid,omitempty" doc:"the involved object's UID"`
	ObjectAPI       string `json:"k8s.object.api_version,omitempty" doc:"the involved object's API version"`
	ObjectField     string `json:"k8s.object.fieldpath,omitempty" doc:"the part of the object that is meant"`
	Workload        string `json:"workload,omitempty" doc:"the involved object's name without what Kubernetes generated"`

	Container string `json:"k8s.container.name,omitempty" doc:"the container that is meant"`
	Kinds
}

// Kinds are the names and UIDs of the object and of the controllers above it, each
// where the conventions have a place for its kind.
type Kinds struct {
	Pod                      string `json:"k8s.pod.name,omitempty" doc:"the pod, where the object is one"`
	PodUID                   string `json:"k8s.pod.uid,omitempty" doc:"its UID"`
	Node                     string `json:"k8s.node.name,omitempty" doc:"the node, where the object is one; or else, enriched, the pod's"`
	NodeUID                  string `json:"k8s.node.uid,omitempty" doc:"its UID, where the object is one; kubelets do not tell it"`
	Deployment               string `json:"k8s.deployment.name,omitempty" doc:"the object, or enriched one of its owners, where it is a Deployment"`
	DeploymentUID            string `json:"k8s.deployment.uid,omitempty" doc:"its UID"`
	ReplicaSet               string `json:"k8s.replicaset.name,omitempty" doc:"the object, or enriched one of its owners, where it is a ReplicaSet"`
	ReplicaSetUID            string `json:"k8s.replicaset.uid,omitempty" doc:"its UID"`
	StatefulSet              string `json:"k8s.statefulset.name,omitempty" doc:"the object, or enriched one of its owners, where it is a StatefulSet"`
	StatefulSetUID           string `json:"k8s.statefulset.uid,omitempty" doc:"its UID"`
	DaemonSet                string `json:"k8s.daemonset.name,omitempty" doc:"the object, or enriched one of its owners, where it is a DaemonSet"`
	DaemonSetUID             string `json:"k8s.daemonset.uid,omitempty" doc:"its UID"`
	Job                      string `json:"k8s.job.name,omitempty" doc:"the object, or enriched one of its owners, where it is a Job"`
	JobUID                   string `json:"k8s.job.uid,omitempty" doc:"its UID"`
	CronJob                  string `json:"k8s.cronjob.name,omitempty" doc:"the object, or enriched one of its owners, where it is a CronJob"`
	CronJobUID               string `json:"k8s.cronjob.uid,omitempty" doc:"its UID"`
	ReplicationController    string `json:"k8s.replicationcontroller.name,omitempty" doc:"the object, or enriched one of its owners, where it is a ReplicationController"`
	ReplicationControllerUID string `json:"k8s.replicationcontroller.uid,omitempty" doc:"its UID"`
	Autoscaler               string `json:"k8s.hpa.name,omitempty" doc:"the object, where it is a HorizontalPodAutoscaler"`
	AutoscalerUID            string `json:"k8s.hpa.uid,omitempty" doc:"its UID"`
	VolumeClaim              string `json:"k8s.persistentvolumeclaim.name,omitempty" doc:"the object, where it is a PersistentVolumeClaim"`
	VolumeClaimUID           string `json:"k8s.persistentvolumeclaim.uid,omitempty" doc:"its UID"`
	Volume                   string `json:"k8s.persistentvolume.name,omitempty" doc:"the object, where it is a PersistentVolume"`
	VolumeUID                string `json:"k8s.persistentvolume.uid,omitempty" doc:"its UID"`
	Service                  string `json:"k8s.service.name,omitempty" doc:"the object, where it is a Service"`
	ServiceUID               string `json:"k8s.service.uid,omitempty" doc:"its UID"`
	Quota                    string `json:"k8s.resourcequota.name,omitempty" doc:"the object, where it is a ResourceQuota"`
	QuotaUID                 string `json:"k8s.resourcequota.uid,omitempty" doc:"its UID"`
	StorageClass             string `json:"k8s.storageclass.name,omitempty" doc:"the object, where it is a StorageClass"`
}

// Enrichment is what only a look-up tells.
type Enrichment struct {
	Enriched string   `json:"enrichment,omitempty" doc:"what look-ups came to: complete, gone, forbidden, late (no answer in time, or no budget), unknown (the kind is not looked up) or error; a record that says other than complete lacks what it could not learn; none where nothing is asked for"`
	Owners   []Owner  `json:"k8s.object.owners,omitempty" doc:"the controllers above the object, the nearest first"`
	PodIP    string   `json:"k8s.pod.ip,omitempty" doc:"the pod's address"`
	HostIPs  []string `json:"host.ip,omitempty" doc:"its node's address"`
	Zone     string   `json:"cloud.availability_zone,omitempty" doc:"its node's zone"`
	Image

	// Labels and Annotations are the object's: k8s.pod.label.app.
	Labels      map[string]string `json:"-"`
	Annotations map[string]string `json:"-"`
}

// Image is what a container runs.
type Image struct {
	ImageName    string   `json:"container.image.name,omitempty" doc:"the container's image without tag and digest; of several containers, where none is meant, the first's"`
	ImageTags    []string `json:"container.image.tags,omitempty" doc:"its tag, where it has one"`
	ImageDigests []string `json:"container.image.repo_digests,omitempty" doc:"its name and digest, where it has one"`
}

// Owner is a controller of the object.
type Owner struct {
	Kind string `json:"kind"`
	Name string `json:"name"`
	UID  string `json:"uid,omitempty"`
}

// Severities as OpenTelemetry numbers them.
const (
	severityInfo = 9
	severityWarn = 13
)

// Of makes a record from an occurrence; now is when it was learned of.
func Of(o *occurrence.Occurrence, now time.Time) *Record {
	r := &Record{
		Timestamp: o.At.UTC(), ObservedTimestamp: now.UTC(),
		SeverityText: "WARN", SeverityNumber: severityWarn, Body: o.Message,
		ID: id(&o.Event), Occurrences: o.New, Inexact: o.Inexact, Origin: o.Origin.String(),
		Type: o.Type, Reason: o.Reason, Action: o.Action,
		Namespace: o.Namespace, Name: o.Name, UID: o.UID, Version: o.Version,
		Count: o.Count, Counted: o.Counted, Series: o.SeriesRecorder,
		Component: o.Component, Instance: o.Instance, Host: o.Host,
		Created: utc(o.Created), First: utc(o.First), Last: utc(o.Last),
	}
	if o.Type == occurrence.Normal {
		r.SeverityText, r.SeverityNumber = "INFO", severityInfo
	}
	obj := &o.Object
	r.Object = Object{
		ObjectKind: obj.Kind, ObjectNamespace: obj.Namespace, ObjectName: obj.Name, ObjectUID: obj.UID,
		ObjectAPI: obj.APIVersion, ObjectField: obj.FieldPath, Workload: occurrence.Workload(obj.Kind, obj.Name),
		Container: containerIn(obj.FieldPath),
	}
	r.named(obj.Kind, obj.Name, obj.UID)
	return r
}

func utc(t time.Time) time.Time {
	if t.IsZero() {
		return time.Time{}
	}
	return t.UTC()
}

// containerIn returns the name in a field path: spec.containers{app}.
func containerIn(fieldPath string) string {
	_, name, _ := strings.Cut(fieldPath, "{")
	return strings.TrimSuffix(name, "}")
}

// Event is the event of which the record was made.
func (r *Record) Event() *occurrence.Event {
	return &occurrence.Event{
		Namespace: r.Namespace, Name: r.Name, UID: r.UID, Version: r.Version,
		Type: r.Type, Reason: r.Reason, Action: r.Action, Message: r.Body,
		Object: occurrence.Object{
			APIVersion: r.ObjectAPI, Kind: r.ObjectKind, Namespace: r.ObjectNamespace, Name: r.ObjectName,
			UID: r.ObjectUID, FieldPath: r.ObjectField,
		},
		Component: r.Component, Instance: r.Instance, Host: r.Host,
		Count: max(1, r.Count), Counted: r.Counted, SeriesRecorder: r.Series,
		Created: r.Created, First: r.First, Last: r.Last,
	}
}
