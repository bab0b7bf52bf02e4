package occurrence

import (
	"strings"
	"testing"
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

func FuzzWorkload(f *testing.F) {
	f.Add("Pod", "cart-7dc45b778d-x2x4q")
	f.Fuzz(func(t *testing.T, kind, name string) {
		got := Workload(kind, name)
		if !strings.HasPrefix(name, got) || (got == "") != (name == "") {
			t.Errorf("Workload(%q, %q) = %q", kind, name, got)
		}
	})
}
