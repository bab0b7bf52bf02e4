package contract

import (
	"bytes"
	"encoding/json"
	"fmt"
	"log/slog"
	"net/http"
	"net/url"
	"testing"
	"time"

	"github.com/go-kit/log"
	"github.com/prometheus/client_golang/prometheus"

	"github.com/kubebark/kubebark/alertbridge"
	"github.com/kubebark/kubebark/alertbridge/identity"
	"github.com/kubebark/kubebark/alertbridge/notify"
	"github.com/kubebark/kubebark/alertbridge/rule"
	"github.com/kubebark/kubebark/exporter/occurrence"
	"github.com/kubebark/kubebark/test/alertmanager"
)

// TestInhibition holds the docs to their table: each pair of an alert of
// kube-prometheus and an alert from an event, in a real Alertmanager.
func TestInhibition(t *testing.T) {
	type labels = map[string]string
	for _, tt := range []struct {
		alertname string
		has       labels // beside the alertname
		mode      identity.Mode
		kind      string
		name      string
		reason    string
		equal     string
	}{
		{"KubeNodeNotReady", labels{"node": "node-1"}, identity.ModeWorkload, "Node", "node-1", "SystemOOM", "node"},
		{"KubePodCrashLooping", labels{"namespace": "shop", "pod": "cart-7dc45b778d-x2x4q"}, identity.ModeObject, "Pod", "cart-7dc45b778d-x2x4q", "BackOff", "pod"},
		{"KubeDeploymentReplicasMismatch", labels{"namespace": "shop", "deployment": "cart"}, identity.ModeWorkload, "Deployment", "cart", "ReplicaSetCreateError", "deployment"},
		{"KubeStatefulSetReplicasMismatch", labels{"namespace": "shop", "statefulset": "db"}, identity.ModeWorkload, "StatefulSet", "db", "FailedCreate", "statefulset"},
		{"KubeDaemonSetRolloutStuck", labels{"namespace": "shop", "daemonset": "agent"}, identity.ModeWorkload, "DaemonSet", "agent", "FailedDaemonPod", "daemonset"},
		{"KubeJobFailed", labels{"namespace": "shop", "job_name": "migrate"}, identity.ModeWorkload, "Job", "migrate", "BackoffLimitExceeded", "job_name"},
		{"KubeJobFailed", labels{"namespace": "shop", "job_name": "report-29012345"}, identity.ModeObject, "Job", "report-29012345", "DeadlineExceeded", "job_name"},
		{"KubePersistentVolumeFillingUp", labels{"namespace": "shop", "persistentvolumeclaim": "data-db-0"}, identity.ModeWorkload, "PersistentVolumeClaim", "data-db-0", "VolumeResizeFailed", "persistentvolumeclaim"},
		{"KubeHpaMaxedOut", labels{"namespace": "shop", "horizontalpodautoscaler": "cart"}, identity.ModeWorkload, "HorizontalPodAutoscaler", "cart", "FailedRescale", "horizontalpodautoscaler"},
	} {
		t.Run(tt.alertname+" "+tt.name, func(t *testing.T) {
			equal := "[namespace, " + tt.equal + "]"
			namespace := "shop"
			if tt.kind == "Node" {
				equal, namespace = "["+tt.equal+"]", ""
			}
			am := startAlertmanager(t, fmt.Sprintf(`
route: {receiver: none}
receivers: [{name: none}]
inhibit_rules:
- source_matchers: ['alertname=%q']
  target_matchers: ['source="kubernetes-event"', '%s!=""']
  equal: %s
`, tt.alertname, tt.equal, equal))
			tt.has["alertname"] = tt.alertname
			post(t, am, tt.has)
			observe(t, am, tt.mode,
				&occurrence.Event{Type: "Warning", Reason: tt.reason, Object: occurrence.Object{Kind: tt.kind, Namespace: namespace, Name: tt.name}},
				&occurrence.Event{Type: "Warning", Reason: "Other", Object: occurrence.Object{Kind: "Widget", Namespace: namespace, Name: tt.name}})
			if by := inhibitors(t, am, "KubeEvent"+tt.reason); by != 1 {
				t.Errorf("inhibited by %d alerts, want 1", by)
			}
			if by := inhibitors(t, am, "KubeEventOther"); by != 0 {
				t.Errorf("an alert without the label %s is inhibited", tt.equal)
			}
		})
	}
}

func startAlertmanager(t *testing.T, config string) string {
	t.Helper()
	am, err := alertmanager.Start(t.Context(), config, alertmanager.Options{Logger: slog.New(slog.DiscardHandler)})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := am.Stop(); err != nil {
			t.Error(err)
		}
	})
	return am.URL()
}

// post sends an alert as Prometheus does.
func post(t *testing.T, am string, labels map[string]string) {
	t.Helper()
	body, err := json.Marshal([]notify.Alert{{Labels: labels, StartsAt: time.Now(), EndsAt: time.Now().Add(time.Hour)}})
	if err != nil {
		t.Fatal(err)
	}
	resp, err := http.Post(am+"/api/v2/alerts", "application/json", bytes.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	if resp.StatusCode != http.StatusOK {
		t.Fatalf("post: %s", resp.Status)
	}
}

// observe lets a bridge make alerts of events.
func observe(t *testing.T, am string, mode identity.Mode, events ...*occurrence.Event) {
	t.Helper()
	s := alertbridge.Settings{Alerting: notify.DefaultConfig(), Alerts: rule.DefaultConfig()}
	s.Alerting.Alertmanagers = []notify.Alertmanager{notify.NewAlertmanager(am)}
	s.Alerts.Identity = mode
	b, err := alertbridge.New(alertbridge.Options{Settings: s, Logger: log.NewNopLogger(), Registerer: prometheus.NewRegistry()})
	if err != nil {
		t.Fatal(err)
	}
	done := make(chan error, 1)
	go func() { done <- b.Run(t.Context()) }()
	for _, ev := range events {
		b.Observe(&occurrence.Occurrence{Event: *ev, New: 1, At: time.Now()})
	}
}

// inhibitors waits for the alert and returns how many inhibit it.
func inhibitors(t *testing.T, am, alertname string) int {
	t.Helper()
	q := url.Values{"filter": {fmt.Sprintf("alertname=%q", alertname)}}
	for deadline := time.Now().Add(30 * time.Second); time.Now().Before(deadline); time.Sleep(20 * time.Millisecond) {
		resp, err := http.Get(am + "/api/v2/alerts?" + q.Encode())
		if err != nil {
			t.Fatal(err)
		}
		var as []struct {
			Status struct{ InhibitedBy []string }
		}
		err = json.NewDecoder(resp.Body).Decode(&as)
		resp.Body.Close()
		if err != nil {
			t.Fatal(err)
		}
		if len(as) == 1 {
			return len(as[0].Status.InhibitedBy)
		}
	}
	t.Fatalf("%s has not arrived", alertname)
	return 0
}
