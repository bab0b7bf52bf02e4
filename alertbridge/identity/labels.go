package identity

import (
	"fmt"
	"slices"
	"strings"

	"github.com/kubebark/kubebark/exporter/occurrence"
)

// Mode says what an alert is about: a workload, an object or its owner.
type Mode string

// The modes. The zero Mode is none: whoever reads it asks for the default.
const (
	ModeWorkload Mode = "workload"
	ModeObject   Mode = "object"
	ModeOwner    Mode = "owner"
)

// Values returns the modes by their names.
func (Mode) Values() []string {
	return []string{string(ModeWorkload), string(ModeObject), string(ModeOwner)}
}

// Validate refuses what is no mode.
func (m Mode) Validate() error {
	if m == "" || slices.Contains(m.Values(), string(m)) {
		return nil
	}
	return fmt.Errorf("unknown identity %q: want workload, object or owner", string(m))
}

// Owner is the controller at the end of an object's owner chain. The zero
// Owner is one that is not known.
type Owner struct {
	Kind string `json:"kind"`
	Name string `json:"name"`
}

// Labels returns the labels namespace, kind and name of an alert about an
// object, and the one that kube-state-metrics has for the kind. Empty ones are
// left out. Under [ModeOwner] the owner stands in the place of the object; one
// that is not known gives what [ModeWorkload] gives.
func Labels(m Mode, kind, namespace, name string, owner Owner) map[string]string {
	switch {
	case m == ModeOwner && owner != Owner{}:
		kind, name = owner.Kind, owner.Name
		if kind == "Node" {
			namespace = ""
		}
	case m != ModeObject:
		name = occurrence.Workload(kind, name)
	}
	ls := make(map[string]string, 6)
	set := func(label, value string) {
		if value != "" {
			ls[label] = value
		}
	}
	set("namespace", namespace)
	set("kind", kind)
	set("name", name)
	if kind == "Pod" {
		if m == ModeObject {
			set("pod", name)
		}
		return ls
	}
	if l := kindLabel(kind); l != "" {
		set(l, name)
	}
	return ls
}

// named are the kinds whose label is the kind in lower case.
const named = " Node Pod Namespace Deployment ReplicaSet ReplicationController StatefulSet DaemonSet CronJob" +
	" HorizontalPodAutoscaler PodDisruptionBudget PersistentVolumeClaim PersistentVolume StorageClass VolumeAttachment" +
	" Service EndpointSlice Ingress NetworkPolicy ConfigMap Secret ServiceAccount ResourceQuota LimitRange Lease" +
	" CertificateSigningRequest "

// kindLabel returns the label by which kube-state-metrics names objects of the
// kind, "" where it has none. For pods it is pod, which [Labels] sets only
// where the alert is about one pod.
func kindLabel(kind string) string {
	switch {
	case kind == "Job":
		return "job_name"
	case kind == "Endpoints":
		return "endpoint"
	case kind != "" && !strings.Contains(kind, " ") && strings.Contains(named, " "+kind+" "):
		return strings.ToLower(kind)
	}
	return ""
}
