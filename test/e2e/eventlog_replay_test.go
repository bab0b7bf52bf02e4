package e2e

import (
	"bytes"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/prometheus/common/expfmt"
	"github.com/prometheus/common/model"
	corev1 "k8s.io/api/core/v1"

	"github.com/kubebark/kubebark/test/testbed"
)

// TestReplay closes the circle: what a live run on a real API server counted and
// alerted, over a stop, a crash and many rotations of its log, is what the files
// of the log say when they are replayed, each counter and each alert.
func TestReplay(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	path := filepath.Join(dir, "events.jsonl")
	w := newCounter(t, setting{
		exporter: "event_log: {rotation: {max_age: 1s, keep_files: 0}}\n" +
			"alerts: {rules: [{matchers: ['reason=\"BackupFailed\"'], resolve_on: [BackupDone]}, {matchers: ['reason=\"Noise\"'], drop: true}]}\n",
		args: []string{"--state.file=" + filepath.Join(dir, "state"), "--event-log.file=" + path},
	})
	core, series := w.recorder("lab-operator"), w.seriesRecorder("lab-scheduler")
	act := func(pod string, n int) {
		for range n {
			core.Event(w.pod(pod), corev1.EventTypeWarning, "BackupFailed", "disk is full: "+pod)
			core.Event(w.pod(pod), corev1.EventTypeNormal, "Pulled", "pulled")
			core.Event(w.pod(pod), corev1.EventTypeWarning, "Noise", "never mind")
		}
		series.Eventf(w.pod(pod), nil, corev1.EventTypeWarning, "PlanFailed", "Planning", "no room for it")
	}
	act("cart-7dc45b778d-x2x4q", 3)
	w.counts("BackupFailed", 3)
	w.must(w.exporter.Stop())
	act("cart-7dc45b778d-abcde", 2)
	w.exporter = w.startAgain(w.exporter)
	w.counts("BackupFailed", 5)
	act("db-0", 2)
	w.exporter.Kill() // wherever it is
	act("db-0", 1)
	w.exporter = w.startAgain(w.exporter)
	w.counts("BackupFailed", 8)
	core.Event(w.pod("db-0"), corev1.EventTypeNormal, "BackupDone", "done")
	w.counts("BackupDone", 1)
	w.counts("PlanFailed", 4)
	w.logSum(dir, 8+1+8+8+4)
	counters, alerts := w.counters(w.exporter), w.allAlerts(w.exporter)
	w.must(w.exporter.Stop())

	files := logFiles(t, dir)
	if len(files) < 2 {
		t.Errorf("the log was not rotated: %v", files)
	}
	var whole []byte
	for _, f := range files {
		data, err := os.ReadFile(f)
		w.must(err)
		whole = append(whole, data...)
	}
	again := w.start("kube-event-exporter", "--config.file="+filepath.Join(w.dir, "exporter.yml"),
		"--replay.file="+w.file("whole.jsonl", string(whole)), "--replay.speed=0")
	w.must(again.WaitLog(w.ctx, "the recording is at its end"))
	w.eventually("the replay counts the same", func() (bool, error) {
		d := cmp.Diff(counters, w.counters(again))
		return d == "", fmt.Errorf("(-live +replay)\n%s", d)
	})
	if d := cmp.Diff(alerts, w.allAlerts(again)); d != "" || !strings.Contains(alerts, " ended ") || !strings.Contains(alerts, " firing ") {
		t.Errorf("alerts (-live +replay)\n%s\nlive:\n%s", d, alerts)
	}
}

// logFiles returns all files of a log, the oldest first.
func logFiles(t *testing.T, dir string) []string {
	t.Helper()
	files, err := filepath.Glob(filepath.Join(dir, "events-*.jsonl"))
	if err != nil {
		t.Fatal(err)
	}
	slices.Sort(files)
	return append(files, filepath.Join(dir, "events.jsonl"))
}

// logSum waits until the files of a log have so many occurrences, each change of
// an event once.
func (w *world) logSum(dir string, want float64) {
	w.t.Helper()
	w.eventually("the log has all", func() (bool, error) {
		sum, ids := 0.0, map[string]bool{}
		for _, l := range w.eventLog(logFiles(w.t, dir)...) {
			if ids[l.ID] {
				w.t.Fatalf("the log has %s twice", l.ID)
			}
			ids[l.ID] = true
			sum += l.Occurrences
		}
		return sum == want, fmt.Errorf("it has %v of %v", sum, want)
	})
}

// counters returns all that a program has counted, by label set.
func (w *world) counters(p program) map[string]float64 {
	w.t.Helper()
	_, body, err := testbed.Get(w.ctx, p.url+"/metrics")
	w.must(err)
	parser := expfmt.NewTextParser(model.UTF8Validation)
	mfs, err := parser.TextToMetricFamilies(strings.NewReader(body))
	w.must(err)
	all := make(map[string]float64)
	for _, m := range mfs["kube_event_occurrences_total"].GetMetric() {
		var s strings.Builder
		for _, l := range m.GetLabel() {
			fmt.Fprintf(&s, "%s=%q ", l.GetName(), l.GetValue())
		}
		all[s.String()] = m.GetCounter().GetValue()
	}
	return all
}

// allAlerts returns a line for each alert of a program.
func (w *world) allAlerts(p program) string {
	w.t.Helper()
	_, body, err := testbed.Get(w.ctx, p.url+"/api/v1/alerts")
	w.must(err)
	var answer struct {
		Data struct {
			Alerts []struct {
				Fingerprint, State string
				Labels             map[string]string
				Annotations        map[string]string
				Rule               struct{ Name string }
				Count, Affected    int
				Objects            []string
			}
		}
	}
	w.must(json.NewDecoder(bytes.NewBufferString(body)).Decode(&answer))
	var lines []string
	for _, a := range answer.Data.Alerts {
		lines = append(lines, fmt.Sprintf("%s %s %s %v by %s: %d of %d: %v; %s\n",
			a.Fingerprint, a.State, a.Labels["reason"], a.Labels, a.Rule.Name, a.Count, a.Affected, a.Objects, a.Annotations["ended_by"]))
	}
	slices.Sort(lines)
	return strings.Join(lines, "")
}
