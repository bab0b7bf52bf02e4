package e2e

import (
	"bufio"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	corev1 "k8s.io/api/core/v1"

	"github.com/kubebark/kubebark/test/testbed"
)

// logged is the part of a line of the event log that the tests look at.
type logged struct {
	ID          string   `json:"event.id"`
	Occurrences float64  `json:"occurrences"`
	Reason      string   `json:"k8s.event.reason"`
	Namespace   string   `json:"k8s.namespace.name"`
	Pod         string   `json:"k8s.pod.name"`
	Node        string   `json:"k8s.node.name"`
	Deployment  string   `json:"k8s.deployment.name"`
	Image       string   `json:"container.image.name"`
	ImageTags   []string `json:"container.image.tags"`
	Label       string   `json:"k8s.pod.label.app"`
	Enrichment  string   `json:"enrichment"`
	Rule        string   `json:"alert.rule"`
	Fingerprint string   `json:"alert.fingerprint"`
}

// eventLog reads event logs whole. A line that is none fails the test.
func (w *world) eventLog(paths ...string) []logged {
	w.t.Helper()
	var all []logged
	for _, path := range paths {
		f, err := os.Open(path)
		w.must(err)
		s := bufio.NewScanner(f)
		s.Buffer(nil, 8<<20)
		for s.Scan() {
			var l logged
			if err := json.Unmarshal(s.Bytes(), &l); err != nil {
				w.t.Fatalf("%v in %q", err, s.Text())
			}
			all = append(all, l)
		}
		w.must(s.Err())
		f.Close()
	}
	return all
}

// logSays waits until the log has so many occurrences of a reason, and fails if
// it ever has more, or anything twice.
func (w *world) logSays(path, reason string, want float64) {
	w.t.Helper()
	w.eventually(fmt.Sprintf("the log has %v of %s", want, reason), func() (bool, error) {
		sum, ids := 0.0, map[string]bool{}
		for _, l := range w.eventLog(path) {
			if ids[l.ID] {
				w.t.Fatalf("the log has %s twice", l.ID)
			}
			ids[l.ID] = true
			if l.Reason == reason && l.Namespace == w.ns {
				sum += l.Occurrences
			}
		}
		if sum > want {
			w.t.Fatalf("the log has %v of %s, %v happened", sum, reason, want)
		}
		return sum == want, fmt.Errorf("it has %v", sum)
	})
}

// TestEventLog: each occurrence is in the log once, over SIGKILLs in the middle
// of a stream of them and over what happens meanwhile; and the log replays to
// the same counters and the same alert.
func TestEventLog(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	path := filepath.Join(dir, "events.jsonl")
	w := newCounter(t, setting{args: []string{"--state.file=" + filepath.Join(dir, "state"), "--event-log.file=" + path}})
	core := w.recorder("lab-operator")
	total := 0.0
	happen := func(n int) {
		for i := range n {
			core.Event(w.pod(fmt.Sprintf("cart-%d", i%3)), corev1.EventTypeWarning, "BackupFailed", "disk is full")
			total++
		}
	}
	happen(5)
	w.counts("BackupFailed", total)
	for range 4 {
		happen(4)
		w.exporter.Kill() // wherever it is
		happen(4)
		w.exporter = w.startAgain(w.exporter)
		w.ready()
	}
	w.counts("BackupFailed", total)
	w.logSays(path, "BackupFailed", total)
	if n := w.metric(w.exporter, "kube_event_exporter_event_log_dropped_total"); n != 0 {
		t.Errorf("%v records were dropped", n)
	}
	live := w.alertsPage(w.exporter)
	w.must(w.exporter.Stop())
	w.logSays(path, "BackupFailed", total) // nor does the end write anything twice

	again := w.start("kube-event-exporter", "--config.file="+filepath.Join(w.dir, "exporter.yml"), "--replay.file="+path, "--replay.speed=0")
	w.eventually("the replay counts the same", func() (bool, error) {
		got := w.metric(again, "kube_event_occurrences_total", "reason=BackupFailed", "namespace="+w.ns)
		return got == total, fmt.Errorf("it is %v of %v", got, total)
	})
	if got := w.alertsPage(again); got != live || got == "" {
		t.Errorf("the replay raises %q, the live run raised %q", got, live)
	}
	for _, l := range w.eventLog(path) {
		if l.Reason == "BackupFailed" && !strings.Contains(live, l.Fingerprint) || l.Rule == "" || l.Pod == "" {
			t.Errorf("record %+v; the alerts are %s", l, live)
		}
	}
}

// alertsPage returns the fingerprints and states of the world's alerts.
func (w *world) alertsPage(p program) string {
	w.t.Helper()
	_, body, err := testbed.Get(w.ctx, p.url+"/api/v1/alerts")
	w.must(err)
	var answer struct {
		Data struct {
			Alerts []struct {
				Fingerprint string            `json:"fingerprint"`
				State       string            `json:"state"`
				Labels      map[string]string `json:"labels"`
			} `json:"alerts"`
		} `json:"data"`
	}
	w.must(json.Unmarshal([]byte(body), &answer))
	var s strings.Builder
	for _, a := range answer.Data.Alerts {
		if a.Labels["namespace"] == w.ns {
			fmt.Fprintf(&s, "%s %s\n", a.Fingerprint, a.State)
		}
	}
	return s.String()
}

// TestEventLogFullDisk fills the disk under the log: counting goes on, and what
// waited is written when there is room, each line whole.
func TestEventLogFullDisk(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "events.jsonl")
	w := newCounter(t, setting{args: []string{"--event-log.file=" + path}})
	rec := w.recorder("lab-operator")
	happens := func() { rec.Event(w.pod("first"), corev1.EventTypeWarning, "BackupFailed", "disk is full") }
	happens()
	w.logSays(path, "BackupFailed", 1)
	info, err := os.Stat(path)
	w.must(err)
	w.must(w.exporter.LimitFiles(uint64(info.Size()) + 20))
	happens()
	w.counts("BackupFailed", 2)
	w.eventually("failed writes are counted", func() (bool, error) {
		return w.metric(w.exporter, "kube_event_exporter_event_log_write_failures_total") > 0, nil
	})
	w.logSays(path, "BackupFailed", 1)
	w.must(w.exporter.LimitFiles(testbed.NoLimit))
	w.logSays(path, "BackupFailed", 2)
	w.must(w.exporter.WaitLog(w.ctx, "the event log is written again"))
}

// TestEventLogEnrichment: with exactly the rights of the components a record
// tells labels, owners and image of a pod; of one that is gone it says so.
func TestEventLogEnrichment(t *testing.T) {
	t.Parallel()
	const enrichment = `
event_log:
  enrichment: {labels: [app], owners: true, pod: true, zone: true}
`
	path := filepath.Join(t.TempDir(), "events.jsonl")
	w := newWorld(t, setting{
		exporter: enrichment, args: []string{"--event-log.file=" + path},
		kubeconfig: rights(t, "enrichment", "../../deploy/base/exporter-rbac.yaml", "../../deploy/components/owner-lookups/rbac.yaml"),
	})
	w.ready()
	core := w.recorder("kubelet")
	core.Event(w.crashed("cart"), corev1.EventTypeWarning, "BackOff", "Back-off restarting failed container")
	core.Event(w.pod("gone"), corev1.EventTypeWarning, "Unhealthy", "Readiness probe failed")
	core.Event(&corev1.ObjectReference{Kind: "Widget", APIVersion: "lab.test/v1", Namespace: w.ns, Name: "w"}, corev1.EventTypeWarning, "Broken", "it broke")
	w.logSays(path, "BackOff", 1)
	w.logSays(path, "Unhealthy", 1)
	w.logSays(path, "Broken", 1)
	for _, l := range w.eventLog(path) {
		switch l.Reason {
		case "BackOff":
			if l.Enrichment != "complete" || l.Deployment != "cart" || l.Image != "lab.test/shop/fine/app" || len(l.ImageTags) != 1 || l.ImageTags[0] != "1" || l.Label != "cart" {
				t.Errorf("record %+v", l)
			}
		case "Unhealthy":
			if l.Enrichment != "gone" || l.Pod != "gone" || l.Image != "" {
				t.Errorf("record %+v", l)
			}
		case "Broken":
			if l.Enrichment != "unknown" {
				t.Errorf("record %+v", l)
			}
		}
	}
	if n := w.metric(w.exporter, "kube_event_exporter_event_log_lookups_total", "outcome=forbidden"); n != 0 {
		t.Errorf("%v look-ups were forbidden with all rights that there are", n)
	}
}
