package e2e

import (
	"testing"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

// TestCompactedUnderTheWatch cuts the exporter from the real API server, lets
// things happen and etcd forget its history: the live watch is told 410, and the
// list that follows tells what was missed, all of it and once.
func TestCompactedUnderTheWatch(t *testing.T) {
	t.Parallel()
	line := newLine(t, 0)
	w := newCounter(t, setting{args: []string{"--kube.server=https://" + line.Address()}})
	rec := w.recorder("lab-operator")
	happens := func(reason string, times int) {
		for range times {
			rec.Event(w.pod("first"), corev1.EventTypeWarning, reason, "disk is full")
		}
	}
	happens("BackupFailed", 2)
	happens("Expired", 3)
	happens("Untouched", 1)
	w.counts("BackupFailed", 2)
	w.counts("Expired", 3)
	w.counts("Untouched", 1)
	w.eventually("it watches", func() (bool, error) {
		return w.metric(w.exporter, "kube_event_exporter_watch_events_total", "event=added") > 0, nil
	})

	line.Refuse(true)
	w.eventually("the watch is seen to end", func() (bool, error) {
		return w.metric(w.exporter, "kube_event_exporter_watch_restarts_total") > 0, nil
	})
	w.must(w.client.CoreV1().Events(w.ns).DeleteCollection(w.ctx, metav1.DeleteOptions{}, metav1.ListOptions{FieldSelector: "reason=Expired"}))
	happens("BackupFailed", 3) // a higher count
	happens("Expired", 2)      // anew under the same name
	happens("RestoreFailed", 4)
	w.eventually("all is written", func() (bool, error) {
		l, err := w.client.CoreV1().Events(w.ns).List(w.ctx, metav1.ListOptions{})
		sum := int32(0)
		for i := range l.Items {
			sum += l.Items[i].Count
		}
		return sum == 5+5+1+4, err
	})
	w.must(cluster.Compact(w.ctx))
	line.Refuse(false)

	w.eventually("it is told that its version is gone", func() (bool, error) {
		return w.metric(w.exporter, "kube_event_exporter_watch_restarts_total", "cause=expired") > 0, nil
	})
	happens("BackupFailed", 1) // on the new watch
	w.counts("BackupFailed", 6)
	w.counts("Expired", 5)
	w.counts("Untouched", 1)
	w.counts("RestoreFailed", 4)
	if n := w.metric(w.exporter, "kube_event_exporter_recovered_occurrences_total"); n != 3+2+4 && n != 3+2+4+1 {
		t.Errorf("%v recovered, want the 9 of the gap (and perhaps the one after it)", n)
	}
}
