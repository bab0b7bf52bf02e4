package e2e

import (
	"fmt"
	"testing"

	corev1 "k8s.io/api/core/v1"

	"github.com/kubebark/kubebark/test/phone"
)

// TestEnding: when the trouble is over the push on the screen says so, in its
// place and without a sound.
func TestEnding(t *testing.T) {
	t.Parallel()
	for _, am := range alertmanagers() {
		t.Run(am.name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t, setting{alertmanager: am, exporter: `
alerts:
  rules:
    - matchers: ['reason="BackupFailed"']
      keep_firing_for: 20s
    - matchers: ['reason="MountLost"']
      keep_firing_for: 1h
      resolve_on: [MountBack]
`})
			w.ready()
			rec := w.recorder("lab-operator")
			rec.Event(w.pod("quiet"), corev1.EventTypeWarning, "BackupFailed", "disk is full")
			rec.Event(w.pod("mended"), corev1.EventTypeWarning, "MountLost", "no such device")
			quiet := w.push(w.ada, "BackupFailed", "quiet")
			mended := w.push(w.ada, "MountLost", "mended")

			rec.Event(w.pod("mended"), corev1.EventTypeNormal, "MountBack", "device is back")
			w.becomes(mended, "MountBack")
			w.becomes(quiet, "quiet for 20s")
			w.eventually("Alertmanager has no alert left", func() (bool, error) {
				return len(w.alerts("BackupFailed"))+len(w.alerts("MountLost")) == 0, nil
			})
			if s := w.ada.State(); len(s.Notifications) != 2 {
				t.Errorf("%d notifications, want the two that were updated: %+v", len(s.Notifications), s.Notifications)
			}
		})
	}
}

// becomes waits until a notification has been replaced by one that says how
// the trouble ended.
func (w *world) becomes(old phone.Notification, ending string) {
	w.t.Helper()
	var n phone.Notification
	w.eventually("the push of "+old.Title+" is updated", func() (bool, error) {
		var ok bool
		n, ok = w.ada.State().Find(old.ID)
		return ok && n.Updates > old.Updates && contains(n, []string{ending}), fmt.Errorf("it shows %+v", n)
	})
	if n.Level != phone.Passive || n.Sounded {
		w.t.Errorf("the end of the trouble makes a noise: level %s, sounded %t", n.Level, n.Sounded)
	}
	if n.Title == old.Title {
		w.t.Errorf("the title %q does not tell that it is over", n.Title)
	}
}
