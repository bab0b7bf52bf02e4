package e2e

import (
	"testing"
	"time"

	corev1 "k8s.io/api/core/v1"
)

// TestSilence: what a team silences in Alertmanager stays quiet on the phone,
// and is counted all the same.
func TestSilence(t *testing.T) {
	t.Parallel()
	for _, am := range alertmanagers() {
		t.Run(am.name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t, setting{alertmanager: am})
			w.ready()
			rec := w.recorder("lab-operator")
			rec.Event(w.pod("first"), corev1.EventTypeWarning, "BackupFailed", "disk is full")
			w.push(w.ada, "BackupFailed", "first")

			w.post("/api/v2/silences", map[string]any{
				"matchers": []any{map[string]any{"name": "reason", "value": "BackupFailed", "isRegex": false, "isEqual": true}},
				"startsAt": time.Now().UTC(), "endsAt": time.Now().Add(time.Hour).UTC(), "createdBy": "e2e", "comment": "known",
			})
			rec.Event(w.pod("second"), corev1.EventTypeWarning, "BackupFailed", "disk is full")
			rec.Event(w.pod("third"), corev1.EventTypeWarning, "RestoreFailed", "no backup")
			w.eventually("the second alert is there and silenced", func() (bool, error) {
				for _, a := range w.alerts("BackupFailed") {
					if a.Labels["name"] == "second" {
						return len(a.Status.SilencedBy) == 1, nil
					}
				}
				return false, nil
			})
			// What came after it has arrived, so it would have, too.
			w.push(w.ada, "RestoreFailed", "third")
			for _, n := range w.ada.State().Notifications {
				if contains(n, []string{"second"}) {
					t.Errorf("a silenced trouble was pushed: %+v", n)
				}
			}
			w.counts("BackupFailed", 2)
		})
	}
}

// TestInhibition: an alert of the team's own keeps what follows from it quiet.
func TestInhibition(t *testing.T) {
	t.Parallel()
	for _, am := range alertmanagers() {
		t.Run(am.name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t, setting{alertmanager: am, inhibit: `
  {source_matchers: ['alertname="DatabaseDown"'], target_matchers: ['source="kubernetes-event"', 'reason="BackupFailed"'], equal: [namespace]}`})
			w.ready()
			w.post("/api/v2/alerts", []any{map[string]any{
				"labels": map[string]string{"alertname": "DatabaseDown", "namespace": w.ns},
				"endsAt": time.Now().Add(time.Hour).UTC(),
			}})
			w.push(w.ada, "DatabaseDown")
			rec := w.recorder("lab-operator")
			rec.Event(w.pod("first"), corev1.EventTypeWarning, "BackupFailed", "no connection")
			rec.Event(w.pod("third"), corev1.EventTypeWarning, "RestoreFailed", "no backup")
			w.eventually("the alert is inhibited", func() (bool, error) {
				as := w.alerts("BackupFailed")
				return len(as) == 1 && len(as[0].Status.InhibitedBy) == 1, nil
			})
			w.push(w.ada, "RestoreFailed", "third")
			for _, n := range w.ada.State().Notifications {
				if contains(n, []string{"BackupFailed"}) {
					t.Errorf("an inhibited trouble was pushed: %+v", n)
				}
			}
			w.counts("BackupFailed", 1)
		})
	}
}

// TestRoute: a route by namespace leads to another receiver, and so to another
// phone.
func TestRoute(t *testing.T) {
	t.Parallel()
	w := newWorld(t, setting{routes: `{matchers: ['namespace=~"shop-.*"', 'reason="BackupFailed"'], receiver: team}`})
	w.ready()
	rec := w.recorder("lab-operator")
	rec.Event(w.pod("first"), corev1.EventTypeWarning, "BackupFailed", "disk is full")
	rec.Event(w.pod("third"), corev1.EventTypeWarning, "RestoreFailed", "no backup")
	w.push(w.bo, "BackupFailed", "first")
	w.push(w.ada, "RestoreFailed", "third")
	if n := len(w.bo.State().Notifications) + len(w.ada.State().Notifications); n != 2 {
		t.Errorf("%d notifications on both phones, want one each", n)
	}
}
