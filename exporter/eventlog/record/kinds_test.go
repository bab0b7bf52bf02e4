package record

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/kubebark/kubebark/exporter/occurrence"
)

// TestImageOf has a row for each form in which a pod names its image.
func TestImageOf(t *testing.T) {
	const digest = "sha256:5e1f"
	for ref, want := range map[string]Image{
		"":                         {},
		"busybox":                  {ImageName: "busybox"},
		"busybox:1.37":             {ImageName: "busybox", ImageTags: []string{"1.37"}},
		"reg:5000/a/b":             {ImageName: "reg:5000/a/b"},
		"reg:5000/a/b:1":           {ImageName: "reg:5000/a/b", ImageTags: []string{"1"}},
		"reg:5000/a/b@" + digest:   {ImageName: "reg:5000/a/b", ImageDigests: []string{"reg:5000/a/b@" + digest}},
		"a/b:1@" + digest:          {ImageName: "a/b", ImageTags: []string{"1"}, ImageDigests: []string{"a/b@" + digest}},
		"[::1]:5000/a:1@" + digest: {ImageName: "[::1]:5000/a", ImageTags: []string{"1"}, ImageDigests: []string{"[::1]:5000/a@" + digest}},
		"odd:":                     {ImageName: "odd"},
		"odd@":                     {ImageName: "odd"},
	} {
		if d := cmp.Diff(want, ImageOf(ref)); d != "" {
			t.Errorf("%q (-want +got)\n%s", ref, d)
		}
	}
}

// TestPlaces: an object's name and UID, and its owners', are where the conventions
// have a place for their kind.
func TestPlaces(t *testing.T) {
	about := func(kind, name, uid string) *Record {
		return Of(&occurrence.Occurrence{Event: occurrence.Event{Object: occurrence.Object{Kind: kind, Name: name, UID: uid}}, New: 1}, time.Now())
	}
	for kind, want := range map[string]Kinds{
		"Pod": {Pod: "x", PodUID: "u"}, "Node": {Node: "x", NodeUID: "u"}, "Deployment": {Deployment: "x", DeploymentUID: "u"},
		"ReplicaSet": {ReplicaSet: "x", ReplicaSetUID: "u"}, "StatefulSet": {StatefulSet: "x", StatefulSetUID: "u"},
		"DaemonSet": {DaemonSet: "x", DaemonSetUID: "u"}, "Job": {Job: "x", JobUID: "u"}, "CronJob": {CronJob: "x", CronJobUID: "u"},
		"ReplicationController":   {ReplicationController: "x", ReplicationControllerUID: "u"},
		"HorizontalPodAutoscaler": {Autoscaler: "x", AutoscalerUID: "u"},
		"PersistentVolumeClaim":   {VolumeClaim: "x", VolumeClaimUID: "u"}, "PersistentVolume": {Volume: "x", VolumeUID: "u"},
		"Service": {Service: "x", ServiceUID: "u"}, "ResourceQuota": {Quota: "x", QuotaUID: "u"},
		"StorageClass": {StorageClass: "x"}, "Widget": {},
	} {
		r := about(kind, "x", "u")
		if d := cmp.Diff(want, r.Kinds); d != "" || r.ObjectUID != "u" {
			t.Errorf("%s (-want +got)\n%s", kind, d)
		}
	}
	if r := about("Node", "n1", "n1"); r.Node != "n1" || r.NodeUID != "" {
		t.Errorf("a kubelet's node has the UID %q", r.NodeUID)
	}
	r := about("Job", "report-1", "u")
	r.Own([]Owner{{"CronJob", "report", "c"}, {"Job", "another", "j"}})
	if want := (Kinds{Job: "report-1", JobUID: "u", CronJob: "report", CronJobUID: "c"}); r.Kinds != want {
		t.Errorf("a job of a cron job is %+v", r.Kinds)
	}
}
