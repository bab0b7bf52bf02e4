package episode

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/testutil"
)

func TestFolding(t *testing.T) {
	reg := prometheus.NewPedanticRegistry()
	inWorld(t, func(w *world) {
		for i := range 250 {
			o := warning("HighCPUUsage", fmt.Sprintf("app%d", i))
			o.Object.Namespace = fmt.Sprintf("ns%d", i%2)
			w.see(o)
		}
		time.Sleep(time.Minute + time.Second)
		own, folds := map[string]bool{}, map[string]string{}
		for _, a := range w.got() {
			if a.Labels["name"] == "_folded" {
				folds[a.Labels["namespace"]] = a.Annotations["count"] + " " + a.Annotations["summary"]
				continue
			}
			own[a.Fingerprint.String()] = true
		}
		if len(own) != 100 || len(folds) != 2 {
			t.Errorf("%d alerts of their own, folded: %v", len(own), folds)
		}
		if want := "75 HighCPUUsage: ns0/many objects"; folds["ns0"] != want {
			t.Errorf("folded %q, want %q", folds["ns0"], want)
		}
		want := `
# HELP kube_event_exporter_alerts Alerts that are pending or firing.
# TYPE kube_event_exporter_alerts gauge
kube_event_exporter_alerts{state="firing"} 102
kube_event_exporter_alerts{state="pending"} 0
# HELP kube_event_exporter_alerts_folded_total Occurrences that had no room for an alert of their own and went into one for their namespace and reason.
# TYPE kube_event_exporter_alerts_folded_total counter
kube_event_exporter_alerts_folded_total 150
`
		err := testutil.GatherAndCompare(reg, strings.NewReader(want), "kube_event_exporter_alerts",
			"kube_event_exporter_alerts_folded_total")
		if err != nil {
			t.Error(err)
		}
		if n := testutil.ToFloat64(w.metrics.matches.WithLabelValues("default")); n != 250 {
			t.Errorf("%v changes matched the default", n)
		}
		if n := testutil.CollectAndCount(w.metrics.matches); n != len(w.settings.Rules.Rules()) {
			t.Errorf("%d rules have a counter, also those that have not matched, of %d", n, len(w.settings.Rules.Rules()))
		}
		// It recovers by itself.
		time.Sleep(25 * time.Minute)
		w.got()
		w.see(warning("HighCPUUsage", "app1"))
		if a := w.last(); a.Labels["name"] != "app1" {
			t.Errorf("after the storm: %v", a.Labels)
		}
		if w.folds != 0 || len(w.active) != 1 {
			t.Errorf("%d active, %d folded", len(w.active), w.folds)
		}
	}, func(o *Options, _ *Settings) { o.Registerer = reg })
}

func TestFoldsAreBounded(t *testing.T) {
	inWorld(t, func(w *world) {
		for i := range 3 * maxFolds {
			w.see(warning(fmt.Sprintf("Reason%d", i), "x"))
		}
		if len(w.active) > 100+maxFolds+1 {
			t.Errorf("%d active", len(w.active))
		}
		if a := w.last(); a.Labels["reason"] != "_other" {
			t.Errorf("beyond the limit: %v", a.Labels)
		}
		time.Sleep(time.Hour)
		if w.got(); len(w.active) != 0 || len(w.ended) != 0 {
			t.Errorf("%d active, %d ended", len(w.active), len(w.ended))
		}
	})
}
