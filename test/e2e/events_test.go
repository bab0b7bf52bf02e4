package e2e

import (
	"os"
	"strings"
	"testing"
	"time"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/client-go/kubernetes/scheme"
	typedcorev1 "k8s.io/client-go/kubernetes/typed/core/v1"
	"k8s.io/client-go/tools/events"
	"k8s.io/client-go/tools/record"
	"sigs.k8s.io/yaml"

	"github.com/kubebark/kubebark/test/testbed"
)

// TestManualEvent is the first thing that a new user does: write a Warning by
// hand and look at the counter, the alert and the phone.
func TestManualEvent(t *testing.T) {
	t.Parallel()
	for _, am := range alertmanagers() {
		t.Run(am.name, func(t *testing.T) {
			w := newWorld(t, setting{alertmanager: am, namespace: "default", prometheus: true})
			w.ready()
			w.create(seed(t))
			w.prometheusSees(`increase(kube_event_occurrences_total{reason="HighCPUUsage",namespace="default"}[1m]) > 0`)
			w.prometheusSees(`kube_event_occurrences_total{reason="HighCPUUsage",type="Warning",kind="Pod",component="custom-controller"} == 1`)
			w.prometheusSees(`alertmanager_bark_pushes_total{receiver="oncall",outcome="delivered"} >= 1`)

			a := w.alert("HighCPUUsage")
			for k, want := range map[string]string{
				"alertname": "KubeEventHighCPUUsage", "reason": "HighCPUUsage", "source": "kubernetes-event",
				"severity": "warning", "namespace": "default", "kind": "Pod", "name": "my-pod",
			} {
				if a.Labels[k] != want {
					t.Errorf("label %s is %q, want %q", k, a.Labels[k], want)
				}
			}
			for k, want := range map[string]string{
				"description": "The CPU usage has exceeded 80%.", "object": "Pod/default/my-pod",
				"count": "1", "objects": "1", "component": "custom-controller",
			} {
				if a.Annotations[k] != want {
					t.Errorf("annotation %s is %q, want %q", k, a.Annotations[k], want)
				}
			}
			// How long before its last occurrence the first was, from when we learned of it.
			if first := a.Annotations["first_seen"]; !strings.HasPrefix(first, "2025-04-16T10:0") {
				t.Errorf("annotation first_seen is %q, want 2025-04-16T10:00:00Z and what it took to arrive", first)
			}
			if age := time.Since(a.StartsAt); age > 5*time.Minute || age < 0 {
				t.Errorf("the alert starts at %s, though it began to fire now", a.StartsAt)
			}
			if !strings.HasPrefix(a.GeneratorURL, "http") || !strings.Contains(a.GeneratorURL, "/alerts") {
				t.Errorf("generatorURL %q does not lead to the alerts", a.GeneratorURL)
			}
			// What, where, how often and since when.
			n := w.push(w.ada, "HighCPUUsage", "my-pod", "default", "The CPU usage has exceeded 80%.", "1 firing since ")
			if n.Title == "" || n.Body == "" || n.ID == "" {
				t.Errorf("push %+v", n)
			}
			w.delete(seed(t))
		})
	}
}

// seed is the manual test event of the README; its times lie in the past.
func seed(t *testing.T) *corev1.Event {
	t.Helper()
	data, err := os.ReadFile("../../docs/test-event.yaml")
	if err != nil {
		t.Fatal(err)
	}
	var e corev1.Event
	if err := yaml.UnmarshalStrict(data, &e); err != nil {
		t.Fatal(err)
	}
	return &e
}

// ready waits until the exporter has counted the first list.
func (w *world) ready() {
	w.t.Helper()
	w.eventually("the exporter is ready", func() (bool, error) {
		code, body, err := testbed.Get(w.ctx, w.exporter.url+"/-/ready")
		if err == nil && code != 200 {
			err = &notReadyError{body}
		}
		return code == 200, err
	})
}

type notReadyError struct{ body string }

func (e *notReadyError) Error() string { return strings.TrimSpace(e.body) }

func (w *world) create(e *corev1.Event) {
	w.t.Helper()
	_, err := w.client.CoreV1().Events(e.Namespace).Create(w.ctx, e, metav1.CreateOptions{})
	w.must(err)
}

func (w *world) delete(e *corev1.Event) {
	w.t.Helper()
	w.must(w.client.CoreV1().Events(e.Namespace).Delete(w.ctx, e.Name, metav1.DeleteOptions{}))
}

func (w *world) prometheusSees(expr string) []testbed.Sample {
	w.t.Helper()
	var got []testbed.Sample
	w.eventually("Prometheus sees "+expr, func() (bool, error) {
		var err error
		got, err = w.prometheus.Query(w.ctx, expr)
		return len(got) > 0, err
	})
	return got
}

// pod is a reference to a pod of the world's namespace.
func (w *world) pod(name string) *corev1.ObjectReference {
	return &corev1.ObjectReference{
		Kind: "Pod", APIVersion: "v1", Namespace: w.ns, Name: name, UID: types.UID("uid-of-" + name), ResourceVersion: "1",
	}
}

// recorder is client-go's recorder of core/v1 events, as the kubelet has it.
func (w *world) recorder(component string) record.EventRecorder {
	b := record.NewBroadcaster()
	b.StartRecordingToSink(&typedcorev1.EventSinkImpl{Interface: w.client.CoreV1().Events("")})
	w.t.Cleanup(b.Shutdown)
	return b.NewRecorder(scheme.Scheme, corev1.EventSource{Component: component, Host: "n1"})
}

// seriesRecorder is client-go's recorder of events.k8s.io, as the scheduler
// has it.
func (w *world) seriesRecorder(controller string) events.EventRecorder {
	w.t.Helper()
	b := events.NewBroadcaster(&events.EventSinkImpl{Interface: w.client.EventsV1()})
	w.must(b.StartRecordingToSinkWithContext(w.ctx))
	w.t.Cleanup(b.Shutdown)
	return b.NewRecorder(scheme.Scheme, controller)
}

// TestRepeats: a repeat raises the count on the same object; it counts as one
// more and makes no second alert.
func TestRepeats(t *testing.T) {
	t.Parallel()
	w := newWorld(t, setting{})
	w.ready()
	core := w.recorder("kubelet")
	var about runtime.Object = w.pod("cart-7dc45b778d-x2x4q")
	for range 12 {
		core.Event(about, corev1.EventTypeWarning, "SyncFailed", "cannot sync: no such bucket")
	}
	series := w.seriesRecorder("lab-scheduler")
	for range 2 { // the third would be written only half an hour later
		series.Eventf(about, nil, corev1.EventTypeWarning, "PlanFailed", "Planning", "no room for it")
	}
	w.counts("SyncFailed", 12)
	w.counts("PlanFailed", 2)
	for _, reason := range []string{"SyncFailed", "PlanFailed"} {
		a := w.alert(reason)
		if a.Labels["name"] != "cart" || a.Annotations["object"] != "Pod/"+w.ns+"/cart-7dc45b778d-x2x4q" {
			t.Errorf("%s: labels %v, annotations %v", reason, a.Labels, a.Annotations)
		}
	}
	w.eventually("the alert tells the count", func() (bool, error) {
		return w.alert("SyncFailed").Annotations["count"] == "12", nil
	})
	w.push(w.ada, "SyncFailed", "cart")
	w.push(w.ada, "PlanFailed", "cart")
	if s := w.ada.State(); len(s.Notifications) != 2 {
		t.Errorf("%d notifications, want one for each trouble: %+v", len(s.Notifications), s.Notifications)
	}
}
