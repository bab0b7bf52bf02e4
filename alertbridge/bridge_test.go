package alertbridge

import (
	"context"
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"testing"
	"time"

	"github.com/go-kit/log"
	"github.com/google/go-cmp/cmp"
	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/testutil"

	"github.com/kubebark/kubebark/alertbridge/notify"
	"github.com/kubebark/kubebark/alertbridge/rule"
	"github.com/kubebark/kubebark/exporter/occurrence"
	"github.com/kubebark/kubebark/internal/leaktest"
)

func TestMain(m *testing.M) { leaktest.Main(m) }

// fakeAlertmanager passes on what is posted.
func fakeAlertmanager(t *testing.T) (url string, got <-chan notify.Alert) {
	t.Helper()
	ch := make(chan notify.Alert, 1000)
	srv := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		var as []notify.Alert
		if r.Method != http.MethodPost || r.URL.Path != "/prefix/api/v2/alerts" {
			t.Errorf("got %s %s", r.Method, r.URL)
		}
		if err := json.NewDecoder(r.Body).Decode(&as); err != nil {
			t.Errorf("decode: %v", err)
		}
		for _, a := range as {
			ch <- a
		}
	}))
	t.Cleanup(srv.Close)
	return srv.URL + "/prefix", ch
}

func settings(url string) Settings {
	s := Settings{
		ExternalURL: "http://exporter.example/x/", ExternalLabels: map[string]string{"cluster": "prod-eu"},
		Alerting: notify.DefaultConfig(), Alerts: rule.DefaultConfig(),
	}
	s.Alerting.Alertmanagers = []notify.Alertmanager{notify.NewAlertmanager(url)}
	return s
}

func run(t testing.TB, b *Bridge) {
	t.Helper()
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan error)
	go func() { done <- b.Run(ctx) }()
	t.Cleanup(func() {
		cancel()
		if err := <-done; err != nil {
			t.Errorf("Run: %v", err)
		}
		http.DefaultClient.CloseIdleConnections()
	})
}

func highCPU() *occurrence.Occurrence {
	return &occurrence.Occurrence{New: 1, At: time.Now(), Event: occurrence.Event{
		Namespace: "default", Name: "my-warning-event", Version: 7, Type: "Warning", Reason: "HighCPUUsage",
		Message:   "The CPU usage has exceeded 80%.",
		Object:    occurrence.Object{Kind: "Pod", Namespace: "default", Name: "my-pod"},
		Component: "custom-controller", Count: 1, Counted: true,
	}}
}

func TestEventToAlertmanager(t *testing.T) {
	url, got := fakeAlertmanager(t)
	reg := prometheus.NewPedanticRegistry()
	b, err := New(Options{Settings: settings(url), Logger: log.NewNopLogger(), Registerer: reg})
	if err != nil {
		t.Fatal(err)
	}
	run(t, b)
	begin := time.Now()
	b.Observe(highCPU())
	a := <-got
	want := map[string]string{
		"alertname": "KubeEventHighCPUUsage", "reason": "HighCPUUsage", "source": "kubernetes-event",
		"severity": "warning", "namespace": "default", "kind": "Pod", "name": "my-pod", "cluster": "prod-eu",
	}
	if d := cmp.Diff(want, a.Labels); d != "" {
		t.Errorf("labels (-want +got)\n%s", d)
	}
	if a.StartsAt.Before(begin.Add(-time.Second)) || a.StartsAt.After(time.Now()) {
		t.Errorf("startsAt %v is not when it began to fire", a.StartsAt)
	}
	if d := a.EndsAt.Sub(a.StartsAt); d < 19*time.Minute || d > 20*time.Minute {
		t.Errorf("endsAt is %v after startsAt", d)
	}
	if w := "http://exporter.example/x/alerts?fingerprint=" + notify.FingerprintOf(want).String(); a.GeneratorURL != w {
		t.Errorf("generatorURL %q, want %q", a.GeneratorURL, w)
	}
	if ps, err := testutil.GatherAndLint(reg); err != nil || len(ps) > 0 {
		t.Errorf("metrics: %v %v", ps, err)
	}
}

func TestReloadKeepsAlerts(t *testing.T) {
	url, got := fakeAlertmanager(t)
	b, err := New(Options{Settings: settings(url), Logger: log.NewNopLogger(), Registerer: prometheus.NewRegistry()})
	if err != nil {
		t.Fatal(err)
	}
	run(t, b)
	b.Observe(highCPU())
	first := <-got

	bad := settings(url)
	bad.Alerts.Rules = []rule.Spec{{Matchers: []string{"reason"}}}
	if err := b.Reload(bad); err == nil {
		t.Error("a bad rule is accepted")
	}
	other, gotOther := fakeAlertmanager(t)
	if err := b.Reload(settings(other)); err != nil {
		t.Fatal(err)
	}
	a := <-gotOther // a new Alertmanager gets what is active
	if d := cmp.Diff(first.Labels, a.Labels); d != "" || !a.StartsAt.Equal(first.StartsAt) {
		t.Errorf("not the same alert: started %v, was %v\n%s", a.StartsAt, first.StartsAt, d)
	}
}
