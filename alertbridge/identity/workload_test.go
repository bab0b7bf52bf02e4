package identity

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestWorkload(t *testing.T) {
	long := strings.Repeat("very-long-name-", 4) // 60
	for _, tt := range []struct{ kind, name, want string }{
		// Pods of a Deployment's ReplicaSet.
		{"Pod", "cart-7dc45b778d-x2x4q", "cart"},
		{"Pod", "checkout-69bbf79bf7-c47jt", "checkout"},
		{"Pod", "search-8464f6d9d-sqx2c", "search"},
		{"Pod", "my-app-v2-5d4f8c9b6-bcdfg", "my-app-v2"},
		{"Pod", "rollout-6b4f7d9c8x-x2x4q", "rollout"}, // another hasher's full-length hash
		{"Pod", "cart-7dc45b778d-abcde", "cart"},
		{"Pod", "web-7dc45-x2x4q", "web-7dc45"},       // five characters are a random end, not a hash
		{"Pod", "web-cbdfcbdf-x2x4q", "web-cbdfcbdf"}, // a hash without a digit is a word
		{"ReplicaSet", "cart-7dc45b778d", "cart"},
		{"ReplicaSet", "cart", "cart"},
		{"ReplicaSet", "cart-canary", "cart-canary"},
		// Of a StatefulSet.
		{"Pod", "db-0", "db"},
		{"Pod", "pg-main-12", "pg-main"},
		{"Pod", "kafka-127", "kafka"},
		{"Pod", "web-2024", "web-2024"},
		{"Pod", "agent-007", "agent-007"},
		{"Pod", "agent-00", "agent-00"},
		{"StatefulSet", "db-0", "db-0"},
		{"PersistentVolumeClaim", "data-db-0", "data-db-0"},
		// Of a DaemonSet, a bare ReplicaSet or a Job.
		{"Pod", "node-exporter-x7k2p", "node-exporter"},
		{"Pod", "migrate-zz89b", "migrate"},
		{"Pod", "proxy-https", "proxy-https"},
		{"Pod", "app-12345", "app-12345"}, // 1 and 3 are not in the alphabet
		{"Pod", "ingress-nginx", "ingress-nginx"},
		{"Pod", "cache-redis", "cache-redis"},
		// Of a CronJob.
		{"Job", "report-29012345", "report"},
		{"Pod", "report-29012345-abcde", "report"}, // the minute is unmistakable by itself
		{"Pod", "report-20240101-abcde", "report-20240101-abcde"},
		{"Pod", "report-29012345-x7k2p", "report"},
		{"Pod", "report-29012345-3-x7k2p", "report"},
		{"Job", "build-20240101", "build-20240101"}, // a date
		{"Job", "migrate", "migrate"},
		{"Job", "migrate-12", "migrate-12"},
		{"CronJob", "report-29012345", "report-29012345"},
		{"Pod", "train-3-x7k2p", "train-3"}, // an indexed Job's, or a DaemonSet called train-3
		// Not to be cut.
		{"Pod", "a-b-c", "a-b-c"},
		{"Pod", "my-pod", "my-pod"},
		{"Pod", "etcd-control-plane", "etcd-control-plane"},
		{"Pod", "x2x4q", "x2x4q"},
		{"Pod", "-x2x4q", "-x2x4q"},
		{"Pod", "-0", "-0"},
		{"Pod", "", ""},
		{"Node", "ip-10-0-0-1", "ip-10-0-0-1"},
		{"Node", "node-0", "node-0"},
		{"Deployment", "cart-7dc45b778d-x2x4q", "cart-7dc45b778d-x2x4q"},
		// generateName too long: cut to 58 characters before the random end.
		{"Pod", long[:50] + "-7dc45b7" + "x2x4q", long[:50]},
		{"Pod", long[:52] + "-wordy" + "x2x4q", long[:52] + "-wordy" + "x2x4q"},
	} {
		if got := Workload(tt.kind, tt.name); got != tt.want {
			t.Errorf("Workload(%q, %q) = %q, want %q", tt.kind, tt.name, got, tt.want)
		}
	}
}

func TestLabels(t *testing.T) {
	type ls = map[string]string
	for _, tt := range []struct {
		mode                  Mode
		kind, namespace, name string
		want                  ls
	}{
		{ModeWorkload, "Pod", "shop", "cart-7dc45b778d-x2x4q", ls{"namespace": "shop", "kind": "Pod", "name": "cart"}},
		{ModeObject, "Pod", "shop", "cart-7dc45b778d-x2x4q", ls{
			"namespace": "shop", "kind": "Pod", "name": "cart-7dc45b778d-x2x4q", "pod": "cart-7dc45b778d-x2x4q",
		}},
		{ModeOwner, "Pod", "shop", "db-0", ls{"namespace": "shop", "kind": "Pod", "name": "db"}},
		{ModeWorkload, "Node", "", "node-1", ls{"kind": "Node", "name": "node-1", "node": "node-1"}},
		{ModeWorkload, "Job", "shop", "report-29012345", ls{
			"namespace": "shop", "kind": "Job", "name": "report", "job_name": "report",
		}},
		{ModeObject, "Job", "shop", "report-29012345", ls{
			"namespace": "shop", "kind": "Job", "name": "report-29012345", "job_name": "report-29012345",
		}},
		{ModeWorkload, "Namespace", "", "shop", ls{"namespace": "shop", "kind": "Namespace", "name": "shop"}},
		{ModeWorkload, "Widget", "shop", "w", ls{"namespace": "shop", "kind": "Widget", "name": "w"}},
		{ModeWorkload, "", "", "", ls{}},
	} {
		got := Labels(tt.mode, tt.kind, tt.namespace, tt.name, Owner{})
		if d := cmp.Diff(tt.want, got); d != "" {
			t.Errorf("Labels(%s, %s, %s, %s) (-want +got)\n%s", tt.mode, tt.kind, tt.namespace, tt.name, d)
		}
	}
}

func TestLabelsOfOwner(t *testing.T) {
	type ls = map[string]string
	for _, tt := range []struct {
		mode  Mode
		owner Owner
		want  ls
	}{
		{ModeOwner, Owner{"Deployment", "cart"}, ls{"namespace": "shop", "kind": "Deployment", "name": "cart", "deployment": "cart"}},
		{ModeOwner, Owner{"Rollout", "cart"}, ls{"namespace": "shop", "kind": "Rollout", "name": "cart"}},
		{ModeOwner, Owner{"Pod", "db-0"}, ls{"namespace": "shop", "kind": "Pod", "name": "db-0"}}, // nothing controls it
		{ModeOwner, Owner{"Node", "node-1"}, ls{"kind": "Node", "name": "node-1", "node": "node-1"}},
		{ModeWorkload, Owner{"Deployment", "cart"}, ls{"namespace": "shop", "kind": "Pod", "name": "db"}},
	} {
		if d := cmp.Diff(tt.want, Labels(tt.mode, "Pod", "shop", "db-0", tt.owner)); d != "" {
			t.Errorf("%s of %v (-want +got)\n%s", tt.mode, tt.owner, d)
		}
	}
}

func TestModeValidate(t *testing.T) {
	for _, m := range []Mode{"", ModeWorkload, ModeObject, ModeOwner} {
		if err := m.Validate(); err != nil {
			t.Errorf("%q: %v", m, err)
		}
	}
	if err := Mode("pod").Validate(); err == nil {
		t.Error("an unknown mode is accepted")
	}
}

func FuzzWorkload(f *testing.F) {
	f.Add("Pod", "cart-7dc45b778d-x2x4q")
	f.Fuzz(func(t *testing.T, kind, name string) {
		got := Workload(kind, name)
		if !strings.HasPrefix(name, got) || (got == "") != (name == "") {
			t.Errorf("Workload(%q, %q) = %q", kind, name, got)
		}
	})
}
