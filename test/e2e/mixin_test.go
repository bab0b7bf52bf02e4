package e2e

import (
	"os/exec"
	"testing"

	"github.com/kubebark/kubebark/test/testbed"
)

// TestRules has promtool check the rules that are shipped and run their tests:
// each alert fires when it must and not before, and rates are recorded right.
func TestRules(t *testing.T) {
	t.Parallel()
	path, err := testbed.Binary("", "promtool")
	if err != nil {
		t.Fatal(err)
	}
	for _, args := range [][]string{
		{"check", "rules", "../../mixin/alerts.yml", "../../mixin/rules.yml"},
		{"test", "rules", "../../mixin/tests/alerts.yml", "../../mixin/tests/rules.yml"},
	} {
		if out, err := exec.CommandContext(t.Context(), path, args...).CombinedOutput(); err != nil {
			t.Errorf("promtool %v: %v\n%s", args, err, out)
		}
	}
}

// TestExamples has amtool check the Alertmanager configuration that is shipped,
// and that it routes events where it says.
func TestExamples(t *testing.T) {
	t.Parallel()
	path, err := testbed.Binary("", "amtool")
	if err != nil {
		t.Fatal(err)
	}
	const file = "../../deploy/examples/alertmanager.yml"
	for _, args := range [][]string{
		{"check-config", file},
		{"config", "routes", "test", "--config.file=" + file, "--verify.receivers=oncall", "source=kubernetes-event", "reason=BackOff"},
		{"config", "routes", "test", "--config.file=" + file, "--verify.receivers=default", "alertname=Other"},
	} {
		if out, err := exec.CommandContext(t.Context(), path, args...).CombinedOutput(); err != nil {
			t.Errorf("amtool %v: %v\n%s", args, err, out)
		}
	}
}
