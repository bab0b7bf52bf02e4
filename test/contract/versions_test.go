package contract

import (
	"context"
	"encoding/json"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/go-kit/log"
	"github.com/prometheus/client_golang/prometheus"

	"github.com/kubebark/kubebark/alertbridge"
	"github.com/kubebark/kubebark/alertbridge/notify"
	"github.com/kubebark/kubebark/alertbridge/rule"
	"github.com/kubebark/kubebark/exporter/occurrence"
	"github.com/kubebark/kubebark/internal/conf"
	"github.com/kubebark/kubebark/test/alertmanager"
	"github.com/kubebark/kubebark/test/phone"
	"github.com/kubebark/kubebark/test/testbed"
)

// version is a version of Alertmanager, as one starts it.
type version struct {
	name  string
	start func(ctx context.Context, config string) (server, error)
}

// server is a running Alertmanager.
type server interface {
	URL() string
	Stop() error
}

// versions are the oldest Alertmanager that is supported, the newest program that
// can be built from its module, and the newest one's packages.
func versions() []version {
	program := func(name string) func(context.Context, string) (server, error) {
		return func(ctx context.Context, config string) (server, error) {
			return testbed.StartAlertmanager(ctx, config, testbed.ServerOptions{Program: name})
		}
	}
	return []version{
		{"0.27.0", program("oldest-alertmanager")},
		{"0.31.1", program("alertmanager")},
		{"0.34.2", func(ctx context.Context, config string) (server, error) {
			return alertmanager.Start(ctx, config, alertmanager.Options{})
		}},
	}
}

// onEach runs a test against each version.
func onEach(t *testing.T, f func(*testing.T, version)) {
	t.Parallel()
	for _, v := range versions() {
		t.Run(v.name, func(t *testing.T) {
			t.Parallel()
			f(t, v)
		})
	}
}

// TestVersions goes from an event to the phone and back: each version takes the
// exporter's alert as it is, tells the receiver, and tells it of the end.
func TestVersions(t *testing.T) {
	onEach(t, func(t *testing.T, v version) {
		c := newChain(t, v)
		observe := bridge(t, c.am.URL())
		event := occurrence.Event{
			Namespace: "shop", Name: "db-0.1", Type: "Warning", Reason: "MountLost", Message: "no such device <sdb> 磁盘", Count: 1, Counted: true, Version: 1,
			Component: "kubelet", Host: "node-1", Object: occurrence.Object{Kind: "Pod", Namespace: "shop", Name: "db-0"}, First: time.Now(), Last: time.Now(),
		}
		observe(event)
		push := c.pushed(t, "no such device <sdb> 磁盘")
		if push.Level == phone.Passive {
			t.Errorf("trouble comes as %+v", push)
		}
		got := c.alerts(t)
		if len(got) != 1 {
			t.Fatalf("%d alerts: %+v", len(got), got)
		}
		for k, want := range map[string]string{"alertname": "KubeEventMountLost", "namespace": "shop", "kind": "Pod", "name": "db", "source": "kubernetes-event"} {
			if got[0].Labels[k] != want {
				t.Errorf("label %s is %q, want %q", k, got[0].Labels[k], want)
			}
		}
		if left := time.Until(got[0].EndsAt); left < 30*time.Minute || left > time.Hour {
			t.Errorf("its end is %v away, though an hour of quiet ends it", left)
		}
		if !strings.HasPrefix(got[0].GeneratorURL, "http://exporter.example/alerts") {
			t.Errorf("it leads to %s", got[0].GeneratorURL)
		}

		event.Name, event.Type, event.Reason, event.Message, event.Version = "db-0.2", "Normal", "MountBack", "device is back", 2
		observe(event)
		ctx, cancel := context.WithTimeout(t.Context(), 30*time.Second)
		defer cancel()
		s, err := c.phone.Wait(ctx, func(s phone.State) bool {
			n, ok := s.Find(push.ID)
			return ok && n.Updates > 0 && strings.Contains(n.Subtitle, "MountBack")
		})
		if err != nil {
			t.Fatalf("the end does not arrive: %v %+v", err, s)
		}
		if n, _ := s.Find(push.ID); len(s.Notifications) != 1 || n.Level != phone.Passive {
			t.Errorf("the end comes as %+v", s.Notifications)
		}
	})
}

// bridge runs the exporter's alerts and returns what takes its occurrences.
func bridge(t *testing.T, url string) func(occurrence.Event) {
	t.Helper()
	s := alertbridge.Settings{ExternalURL: "http://exporter.example", Alerting: notify.DefaultConfig(), Alerts: rule.DefaultConfig()}
	s.Alerting.Alertmanagers = []notify.Alertmanager{notify.NewAlertmanager(url)}
	s.Alerts.Rules = []rule.Spec{{
		Matchers: []string{`reason="MountLost"`}, KeepFiringFor: new(conf.Duration(time.Hour)), ResolveOn: []string{"MountBack"},
	}}
	b, err := alertbridge.New(alertbridge.Options{Settings: s, Logger: log.NewNopLogger(), Registerer: prometheus.NewRegistry()})
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan error, 1)
	go func() { done <- b.Run(ctx) }()
	t.Cleanup(func() {
		cancel()
		if err := <-done; err != nil {
			t.Error(err)
		}
	})
	return func(e occurrence.Event) {
		b.Observe(&occurrence.Occurrence{Event: e, New: 1, At: time.Now()})
	}
}

// sent is an alert as Alertmanager has it.
type sent struct {
	Labels       map[string]string `json:"labels"`
	EndsAt       time.Time         `json:"endsAt"`
	GeneratorURL string            `json:"generatorURL"`
}

func (c *chain) alerts(t *testing.T) []sent {
	t.Helper()
	_, text := fetch(t, http.MethodGet, c.am.URL()+"/api/v2/alerts", "", "")
	var all []sent
	if err := json.Unmarshal([]byte(text), &all); err != nil {
		t.Fatal(err, text)
	}
	return all
}
