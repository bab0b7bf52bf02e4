package lookup

import (
	"slices"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/prometheus/client_golang/prometheus"
)

// FuzzAnswer: whatever the API server says an object is like, a look-up ends and
// what it says is one line.
func FuzzAnswer(f *testing.F) {
	f.Add(owned("apps/v1", "ReplicaSet", "cart-1"))
	f.Add(owned("v1", "Pod", "cart-1")) // its own owner
	f.Add(owned("v1", "Pod", "../../../secrets/x"))
	f.Add(`{"spec":{"nodeName":"n1"},"status":{"phase":"Running","containerStatuses":[{"name":"c","restartCount":-1,"state":{"waiting":{"reason":"X\nY"}},"lastState":{"terminated":{"exitCode":137}}}]}}`)
	f.Add(`{"metadata":{"uid":7}}`)
	f.Add(`[]`)
	f.Fuzz(func(t *testing.T, body string) {
		x := newFixture(t, func(o *Options) {
			o.Wanted, o.QPS, o.Burst = all(), 1e9, 1e9
			o.Metrics = NewLogMetrics(prometheus.NewRegistry())
		})
		x.server.whole = true
		x.server.set(podPath, body)
		o := thePod()
		if owner, ok, err := x.Owner(t.Context(), o); err == nil && ok && owner.Kind == "" && !strings.Contains(body, "ontroller") {
			t.Errorf("an owner without a kind: %+v", owner)
		}
		if n := x.server.count(); n > maxChain+1 {
			t.Errorf("%d questions", n)
		}
		for _, path := range x.server.gets {
			// A name of three dots is one like any other.
			if slices.Contains(strings.Split(path, "/"), "..") || strings.Contains(path, "secrets") {
				t.Errorf("asked for %s", path)
			}
		}
		s, err := x.PodStatus(t.Context(), o)
		if err == nil && (strings.Contains(s, "\n") || !utf8.ValidString(s)) {
			t.Errorf("status %q", s)
		}
		_, _ = x.Describe(t.Context(), &o)
		_, _ = x.Exists(t.Context(), o)
	})
}
