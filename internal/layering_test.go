package internal

import (
	"os/exec"
	"slices"
	"strings"
	"testing"
)

const module = "github.com/kubebark/kubebark/"

// TestLayering holds the import order that docs/architecture.md draws, over
// all that is linked and not only what is imported directly.
func TestLayering(t *testing.T) {
	for _, tt := range []struct {
		packages string
		never    []string
		why      string
	}{
		{"./cmd/alertmanager-bark", []string{"k8s.io/", module + "exporter", module + "alertbridge"}, "the receiver links no Kubernetes code"},
		{"./barkreceiver/...", []string{"k8s.io/", module + "exporter", module + "alertbridge"}, "the receiver stands alone"},
		{"./alertbridge/...", []string{"k8s.io/", module + "barkreceiver"}, "the bridge knows events and not the API"},
		{"./exporter/...", []string{module + "alertbridge", module + "barkreceiver"}, "data flows from the exporter to the bridge"},
		{"./exporter/occurrence", []string{"k8s.io/", module + "internal"}, "the vocabulary is a leaf"},
		{"./internal/...", []string{"k8s.io/", module + "exporter", module + "alertbridge", module + "barkreceiver"}, "the floor knows no product package"},
		{"./cmd/kube-event-exporter", []string{module + "barkreceiver", "k8s.io/api/", "k8s.io/client-go/kubernetes"}, "the exporter has no phone keys, and the types of all kinds would double it"},
	} {
		t.Run(tt.packages, func(t *testing.T) {
			cmd := exec.CommandContext(t.Context(), "go", "list", "-deps", tt.packages)
			cmd.Dir = ".."
			out, err := cmd.Output()
			if err != nil {
				t.Fatalf("go list: %v", err)
			}
			deps := strings.Fields(string(out))
			if len(deps) < 5 {
				t.Fatalf("go list found only %d packages", len(deps))
			}
			bad := slices.DeleteFunc(deps, func(dep string) bool {
				return !slices.ContainsFunc(tt.never, func(p string) bool { return strings.HasPrefix(dep, p) })
			})
			if len(bad) > 0 {
				t.Errorf("%s, but these are linked: %s", tt.why, strings.Join(bad, " "))
			}
		})
	}
}
