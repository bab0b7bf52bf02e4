package episode

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/kubebark/kubebark/alertbridge/identity"
	"github.com/kubebark/kubebark/exporter/occurrence"
)

// TestKnown: a repeat finds its episode by its object only where its labels would
// lead it there.
func TestKnown(t *testing.T) {
	from := func(host string) occurrence.Occurrence {
		o := warning("BackOff", cart1)
		o.Host = host
		return o
	}
	for _, tt := range []struct {
		name, rules string
		second      occurrence.Occurrence
		want        int // alerts
	}{
		{"a repeat", ``, from("node-1"), 1},
		{"another pod of the workload", ``, warning("BackOff", cart2), 1},
		{"another reason", ``, warning("Unhealthy", cart1), 2},
		{"from elsewhere", ``, from("node-2"), 1},
		{"from elsewhere, which is a label", `rules: [{name: a, matchers: ['reason="BackOff"'], labels: {host: "{{ .Host }}"}}]`, from("node-2"), 2},
		{"by another rule", `rules: [{name: a, matchers: ['host="node-2"'], labels: {team: b}}]`, from("node-2"), 2},
	} {
		t.Run(tt.name, func(t *testing.T) {
			inWorld(t, func(w *world) {
				w.see(from("node-1"))
				w.see(tt.second)
				if n := len(w.active); n != tt.want {
					t.Errorf("%d alerts, want %d", n, tt.want)
				}
				for _, e := range w.active {
					ls, _ := e.rule.Labels(&e.event, identity.Owner{})
					if d := cmp.Diff(ls, e.labels); d != "" {
						t.Errorf("the latest event has other labels (-want +got)\n%s", d)
					}
				}
			}, withRules(t, tt.rules))
		})
	}
}
