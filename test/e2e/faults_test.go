package e2e

import (
	"fmt"
	"strings"
	"syscall"
	"testing"

	corev1 "k8s.io/api/core/v1"

	"github.com/kubebark/kubebark/test/phone"
	"github.com/kubebark/kubebark/test/testbed"
)

// TestTerminate: both programs end with status 0 when asked to in the middle
// of their work.
func TestTerminate(t *testing.T) {
	t.Parallel()
	w := newWorld(t, setting{})
	w.ready()
	rec := w.recorder("lab-operator")
	for i := range 20 {
		rec.Event(w.pod(fmt.Sprint("pod", i)), corev1.EventTypeWarning, "BackupFailed", "disk is full")
	}
	w.push(w.ada, "BackupFailed")
	for _, p := range []program{w.exporter, w.receiver} {
		w.must(p.Signal(syscall.SIGTERM))
		code, err := p.Wait(w.ctx)
		if err != nil || code != 0 {
			t.Errorf("%s ended with status %d, %v\n%s", p.Name(), code, err, p.Tail(20))
		}
	}
}

// TestNobodyThereAtTheStart: neither the API server, nor Alertmanager, nor
// Bark has to be there when the programs start.
func TestNobodyThereAtTheStart(t *testing.T) {
	t.Parallel()
	late := quietPort(t)
	w := newWorld(t, setting{
		args:     []string{fmt.Sprintf("--kube.server=https://127.0.0.1:%d", late)},
		exporter: fmt.Sprintf("external_labels: {late: %q}", fmt.Sprint(late)),
	})
	w.eventually("it says that the API server is not there", func() (bool, error) {
		code, body, err := testbed.Get(w.ctx, w.exporter.url+"/-/ready")
		return code == 503 && strings.Contains(body, "connection refused"), err
	})
	w.phones.Fail(phone.Unreachable())
	newLine(t, late)
	w.ready()

	w.recorder("lab-operator").Event(w.pod("first"), corev1.EventTypeWarning, "BackupFailed", "disk is full")
	w.eventually("a push is to be tried again", func() (bool, error) {
		return w.metric(w.receiver, "alertmanager_bark_pushes_total", "outcome=retry") > 0, nil
	})
	w.phones.Fail(nil)
	w.push(w.ada, "BackupFailed", "first")
}

// TestDeadAlertmanager: an Alertmanager that is not there is a metric, and no
// reason to be unready or to count less; the other one gets its alerts.
func TestDeadAlertmanager(t *testing.T) {
	t.Parallel()
	dead := fmt.Sprintf("http://127.0.0.1:%d", quietPort(t))
	w := newWorld(t, setting{args: []string{"--alertmanager.url=" + dead}})
	w.ready()
	w.recorder("lab-operator").Event(w.pod("first"), corev1.EventTypeWarning, "BackupFailed", "disk is full")
	w.push(w.ada, "BackupFailed", "first")
	w.eventually("errors are counted", func() (bool, error) {
		return w.metric(w.exporter, "kube_event_exporter_notifications_errors_total") > 0, nil
	})
	w.counts("BackupFailed", 1)
	w.ready()
}

// TestAPIServerRestart: what happens while the watch is down is counted when it
// is back, once.
func TestAPIServerRestart(t *testing.T) {
	w := newWorld(t, setting{})
	w.ready()
	rec := w.recorder("lab-operator")
	rec.Event(w.pod("first"), corev1.EventTypeWarning, "BackupFailed", "disk is full")
	w.counts("BackupFailed", 1)
	cluster.KillAPIServer()
	w.eventually("the watch is seen to end", func() (bool, error) {
		return w.metric(w.exporter, "kube_event_exporter_watch_restarts_total") > 0, nil
	})
	w.must(cluster.StartAPIServer(w.ctx))
	for range 4 {
		rec.Event(w.pod("first"), corev1.EventTypeWarning, "BackupFailed", "disk is full")
	}
	w.counts("BackupFailed", 5)
}

// TestKill: with a state file nothing is lost or doubled by a SIGKILL, and
// Prometheus sees no reset.
func TestKill(t *testing.T) {
	t.Parallel()
	w := newWorld(t, setting{prometheus: true, args: []string{"--state.file=" + t.TempDir() + "/state"}})
	w.ready()
	rec := w.recorder("lab-operator")
	happens := func(times int) {
		for range times {
			rec.Event(w.pod("first"), corev1.EventTypeWarning, "BackupFailed", "disk is full")
		}
	}
	happens(3)
	w.prometheusSees(`kube_event_occurrences_total{reason="BackupFailed"} == 3`)
	happens(2) // counted, and perhaps not yet safe
	w.exporter.Kill()
	happens(4) // missed
	w.exporter = w.startAgain(w.exporter)
	happens(1)
	w.prometheusSees(`kube_event_occurrences_total{reason="BackupFailed"} == 10`)
	if got := w.prometheusSees(`resets(kube_event_occurrences_total{reason="BackupFailed"}[10m])`); got[0].Value != 0 {
		t.Errorf("Prometheus saw %v resets", got[0].Value)
	}
}

// newLine returns a line to the API server, from a port; 0 is a free one.
func newLine(t *testing.T, port int) *testbed.Line {
	t.Helper()
	l, err := testbed.NewLine(port, strings.TrimPrefix(cluster.URL(), "https://"))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(l.Close)
	return l
}
