package e2e

import (
	"context"
	"encoding/json"
	"fmt"
	"os"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/kubebark/kubebark/alertbridge/rule"
	"github.com/kubebark/kubebark/test/fakeapi"
	"github.com/kubebark/kubebark/test/testbed"
)

// The storm: so many Warnings of as many workloads within an eighth of the minute
// that is to be borne.
const (
	stormSize       = 10000
	stormNamespaces = 20
	stormReasons    = 5
	stormLasts      = 8 * time.Second
	maxActive       = 5000 // the default
	maxQueue        = 10000
)

// TestStorm: ten thousand distinct Warnings at once stay within the bounds, are
// counted exactly, are all in an alert, of their own or of their namespace and
// reason, and when they are over all is as it was.
func TestStorm(t *testing.T) {
	t.Parallel()
	s := newStorm(t)
	s.blow()
	s.counted()
	s.eventually("all are told", func() (bool, error) {
		if n := s.metric(s.exporter, "kube_event_exporter_notifications_queue_length"); n > 0 {
			s.bounded()
			return false, fmt.Errorf("%v alerts are queued", n)
		}
		sum, folded := s.look()
		return sum == stormSize && folded == stormNamespaces*stormReasons, fmt.Errorf("%d, %d of them folds", sum, folded)
	})
	if n := s.metric(s.exporter, "kube_event_exporter_alerts_folded_total"); n != stormSize-maxActive {
		t.Errorf("%v occurrences were folded, want %d", n, stormSize-maxActive)
	}
	t.Logf("memory at most %s; %d pushes", peak(s.exporter.Pid()), len(s.ada.Requests()))
	s.quietAfter("5s")
	s.must(s.exporter.Signal(syscall.SIGHUP))
	s.eventually("all are over", func() (bool, error) {
		s.bounded()
		return s.metric(s.exporter, "kube_event_exporter_alerts") == 0 && len(s.all()) == 0, nil
	})
	if n := s.metric(s.exporter, "kube_event_exporter_notifications_dropped_total"); n != 0 {
		t.Errorf("%v alerts were dropped", n)
	}
	s.eventually("the phone says that all are over", func() (bool, error) {
		ns := s.ada.State().Notifications
		for _, n := range ns {
			if !strings.HasPrefix(n.Title, "Resolved") {
				return false, fmt.Errorf("%q", n.Title)
			}
		}
		return len(ns) == stormNamespaces, fmt.Errorf("%d", len(ns))
	})
	s.write(stormSize)
	s.push(s.ada, "app"+strconv.Itoa(stormSize)) // by itself, and not folded
}

// A storm is a world with an API server that can stand it.
type storm struct {
	*world

	store *fakeapi.Store
}

func newStorm(t *testing.T) *storm {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 4*time.Minute)
	t.Cleanup(cancel)
	s := &storm{
		world: &world{t: t, ctx: ctx, dir: t.TempDir()},
		store: fakeapi.NewStore(fakeapi.StoreOptions{History: 10 * stormSize}),
	}
	api, err := fakeapi.Serve(s.store, 0)
	s.must(err)
	t.Cleanup(func() { s.check(api.Close()) })
	s.startPhones()
	s.startReceiver()
	am, err := testbed.StartAlertmanager(ctx, fmt.Sprintf(`
route: {receiver: oncall, group_by: [namespace], group_wait: 5s, group_interval: 5s, repeat_interval: 1h}
receivers: [{name: oncall, webhook_configs: [{url: %s/webhook}]}]
`, s.receiver.url), testbed.ServerOptions{Port: quietPort(t)})
	s.must(err)
	t.Cleanup(func() { s.check(am.Stop()) })
	s.am = am.URL()
	// However slow the machine is: they are all told before the first is over.
	s.exporter = s.start("kube-event-exporter", "--kube.server="+api.URL(), "--config.file="+s.quietAfter("10m"))
	s.ready()
	return s
}

// quietAfter writes the exporter's configuration, in which alerts end after so
// long a quiet time, and returns its path.
func (s *storm) quietAfter(d string) string {
	s.t.Helper()
	return s.file("exporter.yml", fmt.Sprintf(`
metrics: {new_series_delay: 0s}
alerting: {resend_interval: 20s, queue_capacity: %d, alertmanagers: [{url: %s}]}
alerts: {rules: [{matchers: ['type="Warning"'], keep_firing_for: %s}]}
`, maxQueue, s.am, d))
}

// blow writes all warnings at an even pace.
func (s *storm) blow() {
	begin := time.Now()
	for i := range stormSize {
		if ahead := time.Duration(i)*stormLasts/stormSize - time.Since(begin); ahead > 10*time.Millisecond {
			<-time.After(ahead)
		}
		s.write(i)
	}
	s.t.Logf("%d Warnings in %s", stormSize, time.Since(begin).Round(time.Millisecond))
}

func (s *storm) write(i int) {
	s.t.Helper()
	ns, now := fmt.Sprintf("team-%d", i%stormNamespaces), metav1.Now()
	name := fmt.Sprintf("app%d-7dc45b778d-x2x4q", i)
	_, err := s.store.Create(&corev1.Event{
		ObjectMeta:     metav1.ObjectMeta{Namespace: ns, Name: name + ".18eb"},
		InvolvedObject: corev1.ObjectReference{Kind: "Pod", APIVersion: "v1", Namespace: ns, Name: name},
		Type:           corev1.EventTypeWarning, Reason: fmt.Sprintf("Storm%d", i/stormNamespaces%stormReasons),
		Message: "the storage of the whole zone is gone", Count: 1, FirstTimestamp: now, LastTimestamp: now,
		Source: corev1.EventSource{Component: "kubelet", Host: "n1"},
	})
	s.must(err)
}

// counted waits until the counters are exact, watching the bounds meanwhile.
func (s *storm) counted() {
	s.t.Helper()
	s.eventually("all are counted", func() (bool, error) {
		s.bounded()
		n := s.metric(s.exporter, "kube_event_occurrences_total")
		return n == stormSize, fmt.Errorf("%v", n)
	})
}

// bounded fails if anything is beyond its bounds.
func (s *storm) bounded() {
	s.t.Helper()
	if n := s.metric(s.exporter, "kube_event_exporter_alerts"); n > maxActive+stormNamespaces*stormReasons {
		s.t.Errorf("%v alerts are active", n)
	}
	if n := s.metric(s.exporter, "kube_event_exporter_notifications_queue_length"); n > maxQueue {
		s.t.Errorf("%v alerts are queued", n)
	}
}

// all returns all of Alertmanager's alerts.
func (s *storm) all() []alert {
	s.t.Helper()
	_, body, err := testbed.Get(s.ctx, s.am+"/api/v2/alerts")
	s.must(err)
	var as []alert
	s.must(json.Unmarshal([]byte(body), &as))
	return as
}

// look watches the bounds and returns how many occurrences Alertmanager's
// alerts tell of, and how many of the alerts stand for many.
func (s *storm) look() (sum, folded int) {
	s.t.Helper()
	s.bounded()
	as := s.all()
	if len(as) > maxActive+stormNamespaces*stormReasons {
		s.t.Errorf("Alertmanager has %d alerts", len(as))
	}
	for i := range as {
		n, err := strconv.Atoi(as[i].Annotations["count"])
		s.must(err)
		if sum += n; as[i].Labels["name"] == rule.FoldedName {
			folded++
		}
	}
	return sum, folded
}

// peak is the most memory that a process had.
func peak(pid int) string {
	b, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", pid))
	if err != nil {
		return err.Error()
	}
	_, rest, _ := strings.Cut(string(b), "VmHWM:")
	line, _, _ := strings.Cut(rest, "\n")
	return strings.TrimSpace(line)
}
