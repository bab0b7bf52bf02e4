package truth

import (
	"context"
	"fmt"
	"sync"
	"testing"
	"time"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/kubernetes"
	"k8s.io/client-go/kubernetes/scheme"
	typedcorev1 "k8s.io/client-go/kubernetes/typed/core/v1"
	"k8s.io/client-go/tools/events"
	"k8s.io/client-go/tools/record"

	"github.com/kubebark/kubebark/test/tally"
	"github.com/kubebark/kubebark/test/testbed"
)

// TestRealRecorders has client-go's own recorders of both kinds write to the real
// API server: repeats, a spam filter that bites, messages that are aggregated, and
// both go on under the same names after the TTL has taken their objects.
func TestRealRecorders(t *testing.T) {
	t.Parallel()
	w, cp := realWorld(t, testbed.Options{EventTTL: 15 * time.Second})
	client, err := cp.Client()
	if err != nil {
		t.Fatal(err)
	}
	ctx, stop := context.WithTimeout(t.Context(), 3*time.Minute)
	sc := w.scrapers[0]
	var wg sync.WaitGroup
	wg.Go(func() { sc.run(ctx) })
	defer wg.Wait()
	defer stop()
	if err := w.begin(ctx); err != nil {
		t.Fatal(err)
	}
	core, series := recorders(ctx, t, client)
	counts := func(when string, want map[tally.Labels]int64) {
		t.Helper()
		err := testbed.Poll(ctx, "until all is scraped "+when, func(context.Context) (bool, error) {
			got := sc.totals()
			for ls, n := range want {
				if got[ls] != n {
					return false, fmt.Errorf("%s: %d, want %d", ls, got[ls], n)
				}
			}
			return true, sc.lastError()
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	of := func(kind, reason, component string) tally.Labels {
		return tally.Labels{Type: kind, Reason: reason, Kind: "Pod", Namespace: "shop", Component: component}
	}
	backOff, unschedulable := of("Warning", "BackOff", "kubelet"), of("Warning", "FailedScheduling", "scheduler")
	probes, noise := of("Normal", "Probe", "kubelet"), of("Normal", "Noise", "kubelet")

	mortal := pod("mortal")
	for range 3 {
		core.Event(mortal, corev1.EventTypeWarning, "BackOff", "m")
	}
	series.Eventf(mortal, nil, corev1.EventTypeWarning, "FailedScheduling", "Scheduling", "no node")
	for i := range 12 { // nine messages of their own, and three together
		core.Event(pod("probed"), corev1.EventTypeNormal, "Probe", fmt.Sprint("attempt ", i))
	}
	for range 40 { // the filter lets 25 of them through
		core.Event(pod("noisy"), corev1.EventTypeNormal, "Noise", "m")
	}
	counts("at first", map[tally.Labels]int64{backOff: 3, unschedulable: 1, probes: 12, noise: 25})

	err = testbed.Poll(ctx, "until the events have expired", func(ctx context.Context) (bool, error) {
		l, err := client.CoreV1().Events("").List(ctx, metav1.ListOptions{})
		return err == nil && len(l.Items) == 0, err
	})
	if err != nil {
		t.Fatal(err)
	}
	core.Event(mortal, corev1.EventTypeWarning, "BackOff", "m")
	series.Eventf(mortal, nil, corev1.EventTypeWarning, "FailedScheduling", "Scheduling", "no node")
	counts("after expiry", map[tally.Labels]int64{backOff: 4, unschedulable: 2, probes: 12, noise: 25})
	countedOn(ctx, t, client)
	if n := sc.own()["kube_event_exporter_inexact_occurrences_total"]; n != 0 {
		t.Errorf("%v counted by an assumption", n)
	}
}

// countedOn checks that both recorders' objects came back with all their counts.
func countedOn(ctx context.Context, t *testing.T, client kubernetes.Interface) {
	t.Helper()
	l, err := client.CoreV1().Events("shop").List(ctx, metav1.ListOptions{})
	if err != nil {
		t.Fatal(err)
	}
	for _, e := range l.Items {
		if e.Count != 4 && (e.Series == nil || e.Series.Count != 2) {
			t.Errorf("%s came back as %d, %v; its recorder should have counted on", e.Name, e.Count, e.Series)
		}
	}
}

func pod(name string) *corev1.ObjectReference {
	return &corev1.ObjectReference{APIVersion: "v1", Kind: "Pod", Namespace: "shop", Name: name, ResourceVersion: "1"}
}

// recorders returns client-go's recorders of core/v1 and of events.k8s.io.
func recorders(ctx context.Context, t *testing.T, client kubernetes.Interface) (record.EventRecorder, events.EventRecorder) {
	t.Helper()
	core := record.NewBroadcaster()
	core.StartRecordingToSink(&typedcorev1.EventSinkImpl{Interface: client.CoreV1().Events("")})
	t.Cleanup(core.Shutdown)
	series := events.NewBroadcaster(&events.EventSinkImpl{Interface: client.EventsV1()})
	if err := series.StartRecordingToSinkWithContext(ctx); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(series.Shutdown)
	return core.NewRecorder(scheme.Scheme, corev1.EventSource{Component: "kubelet"}), series.NewRecorder(scheme.Scheme, "scheduler")
}
