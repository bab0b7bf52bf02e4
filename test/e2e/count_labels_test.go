package e2e

import (
	"fmt"
	"math"
	"syscall"
	"testing"

	corev1 "k8s.io/api/core/v1"
)

// TestLabelsAreReloaded asks for further labels of a running exporter. In
// Prometheus the sum over the change is what happened, and what had been counted
// is still there.
func TestLabelsAreReloaded(t *testing.T) {
	t.Parallel()
	w := newCounter(t, setting{})
	p := w.scraper("a", "")
	rec := w.recorder("lab-operator")
	happens := func(times int) {
		for range times {
			rec.Event(w.pod("cart-7dc45b778d-x2x4q"), corev1.EventTypeWarning, "BackupFailed", "disk is full")
		}
	}
	happens(2)
	w.increases(p, `kube_event_occurrences_total{reason="BackupFailed",workload=""}`, 2)
	w.file("exporter.yml", fmt.Sprintf("metrics: {new_series_delay: 3s, labels: [workload, host]}\nalerting: {alertmanagers: [{url: %s}]}\n", w.am))
	w.must(w.exporter.Signal(syscall.SIGHUP))
	w.must(w.exporter.WaitLog(w.ctx, "cause=SIGHUP"))
	happens(3)
	const carts = `kube_event_occurrences_total{reason="BackupFailed",workload="cart",host="n1",kind="Pod"}`
	w.increases(p, carts, 3)
	ps := w.reaches(p, carts, 3)
	sum := w.points(p, `sum(increase(kube_event_occurrences_total{reason="BackupFailed"}[5m]))`, ps[len(ps)-1].at)
	if len(sum) != 1 || math.Abs(sum[0].value-5) > 1e-9 {
		t.Errorf("the sum of increases over the change is %v, want 5", sum)
	}
}
