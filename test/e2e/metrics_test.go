package e2e

import (
	"maps"
	"os"
	"os/exec"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	corev1 "k8s.io/api/core/v1"

	"github.com/kubebark/kubebark/test/testbed"
)

var (
	help       = regexp.MustCompile(`(?m)^# HELP ((?:kube_event|alertmanager_bark)_\S+)`)
	documented = regexp.MustCompile("(?m)^\\| `((?:kube_event|alertmanager_bark)_[a-z_]+)[`{]")
)

// TestMetricsAreDocumented: what the programs expose is what docs/metrics.md
// lists, no more and no less, and promtool finds no fault with it.
func TestMetricsAreDocumented(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	w := newWorld(t, setting{
		exporter: "alerts: {rules: [{matchers: ['reason=\"Noise\"'], drop: true}]}\n",
		args: []string{
			"--state.file=" + dir + "/state", "--event-log.file=" + dir + "/events.jsonl",
			"--event-log.otlp.endpoint=http://127.0.0.1:1",
		},
	})
	w.ready()
	rec := w.recorder("lab-operator")
	rec.Event(w.pod("first"), corev1.EventTypeWarning, "Noise", "never mind")
	rec.Event(w.pod("first"), corev1.EventTypeWarning, "BackupFailed", "disk is full")
	w.push(w.ada, "BackupFailed", "first")
	w.counts("BackupFailed", 1)
	w.counts("Noise", 1)

	exposed := make(map[string]bool)
	for _, p := range []program{w.exporter, w.receiver} {
		_, body, err := testbed.Get(w.ctx, p.url+"/metrics")
		w.must(err)
		for _, m := range help.FindAllStringSubmatch(body, -1) {
			exposed[m[1]] = true
		}
		promtool(t, p.Name(), body)
	}
	doc, err := os.ReadFile("../../docs/metrics.md")
	w.must(err)
	listed := make(map[string]bool)
	for _, m := range documented.FindAllStringSubmatch(string(doc), -1) {
		listed[m[1]] = true
	}
	if d := cmp.Diff(slices.Sorted(maps.Keys(listed)), slices.Sorted(maps.Keys(exposed))); d != "" {
		t.Errorf("docs/metrics.md and /metrics differ (-listed +exposed)\n%s", d)
	}
}

func promtool(t *testing.T, name, metrics string) {
	t.Helper()
	path, err := testbed.Binary("", "promtool")
	if err != nil {
		t.Fatal(err)
	}
	cmd := exec.CommandContext(t.Context(), path, "check", "metrics")
	cmd.Stdin = strings.NewReader(metrics)
	if out, err := cmd.CombinedOutput(); err != nil || len(out) > 0 {
		t.Errorf("promtool check metrics on %s: %v\n%s", name, err, out)
	}
}
