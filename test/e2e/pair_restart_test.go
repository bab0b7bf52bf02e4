package e2e

import (
	"slices"
	"testing"
	"time"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

// TestAlertsOverRestart: an exporter that ends and starts again with a state
// file, or is killed and has none, goes on with what lasts, without a second
// push, and ends what has ended meanwhile. That an Event object goes away ends
// nothing.
func TestAlertsOverRestart(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name string
		args []string
	}{
		{"with a state", []string{"--state.file=" + t.TempDir() + "/state"}},
		{"from the list", nil},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t, setting{args: tt.args, exporter: `
alerts: {rules: [{matchers: ['reason="MountLost"'], keep_firing_for: 1h, resolve_on: [MountBack]}]}
`})
			w.ready()
			rec := w.recorder("lab-operator")
			rec.Event(w.pod("lasting"), corev1.EventTypeWarning, "MountLost", "no such device")
			rec.Event(w.pod("mended"), corev1.EventTypeWarning, "MountLost", "no such device")
			lasting := w.push(w.ada, "MountLost", "lasting")
			mended := w.push(w.ada, "MountLost", "mended")
			before := w.about("lasting")
			if tt.args == nil { // the list is all that there is
				w.exporter.Kill()
			} else {
				w.forget("lasting")
				w.eventually("its event is seen to go away", func() (bool, error) {
					return w.metric(w.exporter, "kube_event_exporter_watch_events_total", "event=deleted") == 1, nil
				})
				w.check(w.exporter.Stop())
			}
			rec.Event(w.pod("mended"), corev1.EventTypeNormal, "MountBack", "device is back")
			w.exporter = w.startAgain(w.exporter)
			w.becomes(mended, "MountBack")

			after := w.about("lasting")
			if !after.StartsAt.Equal(before.StartsAt) || after.Annotations["ended_by"] != "" || !after.EndsAt.After(time.Now()) {
				t.Errorf("what lasts was %+v and is %+v", before, after)
			}
			if n, ok := w.ada.State().Find(lasting.ID); !ok || n.Updates != 0 {
				t.Errorf("what lasts was pushed again: %+v", n)
			}
			if s := w.ada.State(); s.Sounds != 2 {
				t.Errorf("the phone rang %d times for two troubles", s.Sounds)
			}
		})
	}
}

// about waits for the alert about an object of the world's namespace.
func (w *world) about(name string) alert {
	w.t.Helper()
	var found alert
	w.eventually("there is an alert about "+name, func() (bool, error) {
		as := w.alerts("MountLost")
		i := slices.IndexFunc(as, func(a alert) bool { return a.Labels["name"] == name })
		if i >= 0 {
			found = as[i]
		}
		return i >= 0, nil
	})
	return found
}

// forget deletes the events about an object, as the API server does when their
// time is over.
func (w *world) forget(name string) {
	w.t.Helper()
	list, err := w.client.CoreV1().Events(w.ns).List(w.ctx, metav1.ListOptions{})
	w.must(err)
	for i := range list.Items {
		if list.Items[i].InvolvedObject.Name == name {
			w.delete(&list.Items[i])
		}
	}
}
