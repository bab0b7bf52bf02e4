package e2e

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	corev1 "k8s.io/api/core/v1"

	"github.com/kubebark/kubebark/test/testbed"
)

// TestFullDisk fills the disk under the state file, in the middle of a write:
// scrapes show what is counted and the failure is a metric and a log line. Once
// there is room again all is safe, and a SIGKILL takes nothing back.
func TestFullDisk(t *testing.T) {
	t.Parallel()
	state := filepath.Join(t.TempDir(), "state")
	w := newCounter(t, setting{args: []string{"--state.file=" + state}})
	rec := w.recorder("lab-operator")
	happens := func() {
		rec.Event(w.pod("first"), corev1.EventTypeWarning, "BackupFailed", "disk is full")
	}
	happens()
	w.counts("BackupFailed", 1)

	info, err := os.Stat(state)
	w.must(err)
	w.must(w.exporter.LimitFiles(uint64(info.Size()) + 20))
	happens()
	w.counts("BackupFailed", 2)
	w.eventually("failed writes are counted", func() (bool, error) {
		return w.metric(w.exporter, "kube_event_exporter_state_write_failures_total") > 0, nil
	})

	w.must(w.exporter.LimitFiles(testbed.NoLimit))
	w.must(w.exporter.WaitLog(w.ctx, "the state file is written again"))
	happens()
	w.counts("BackupFailed", 3)
	w.exporter.Kill()
	happens()
	w.exporter = w.startAgain(w.exporter)
	w.counts("BackupFailed", 4)
	if log := w.exporter.Logs(); strings.Contains(log, "aside") {
		t.Errorf("a torn write is no damage:\n%s", w.exporter.Tail(20))
	}
}
