package alertmanager_test

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	upstream "github.com/prometheus/alertmanager/notify/webhook"
	"github.com/prometheus/alertmanager/template"

	"github.com/kubebark/kubebark/barkreceiver/webhook"
	"github.com/kubebark/kubebark/test/alertmanager"
	"github.com/kubebark/kubebark/test/testbed"
)

// A server is what an Alertmanager is to a test, in process or not.
type server interface {
	URL() string
	ConfigFile() string
	Stop() error
}

func startProgram(name string) func(*testing.T, string) server {
	return func(t *testing.T, config string) server {
		if _, err := testbed.Binary("", name); err != nil {
			t.Skip(err)
		}
		am, err := testbed.StartAlertmanager(t.Context(), config, testbed.ServerOptions{Program: name})
		if err != nil {
			t.Fatal(err)
		}
		return am
	}
}

func startInProcess(t *testing.T, config string) server {
	am, err := alertmanager.Start(context.Background(), config, alertmanager.Options{})
	if err != nil {
		t.Fatal(err)
	}
	return am
}

// A contract is what one version sends.
type contract struct {
	name   string
	start  func(*testing.T, string) server
	route  string   // what only this one knows of a route's configuration
	lacks  []string // fields that this one does not send yet
	reason string   // of its first message
}

// TestReceiverReads holds what alertmanager-bark reads against what the oldest
// and the newest Alertmanager that are supported really send.
func TestReceiverReads(t *testing.T) {
	for _, tt := range []contract{
		{
			name: "v0.27.0", start: startProgram("oldest-alertmanager"),
			lacks: []string{"notification_reason", "routeLabels"},
		},
		{
			name: "v0.31.1", start: startProgram("alertmanager"),
			lacks: []string{"notification_reason", "routeLabels"},
		},
		{
			name: "v0.34.2", start: startInProcess,
			route:  "labels: {team: '{{ .CommonLabels.namespace }}s'}",
			reason: "first notification",
		},
	} {
		t.Run(tt.name, func(t *testing.T) {
			h := newHook(t)
			am := tt.start(t, contractConfig(h, tt.route))
			t.Cleanup(func() {
				if err := am.Stop(); err != nil {
					t.Error(err)
				}
			})
			tt.read(t, h, client{am.URL()})
		})
	}
}

func (tt contract) read(t *testing.T, h *hook, c client) {
	postBoth(t, c)
	m := readAll(t, h.body(t), tt.lacks)
	if d := cmp.Diff([]string{`on\.call`, "on.call"}, webhook.Names(m.Receiver)); d != "" {
		t.Errorf("names of the receiver (-want +got)\n%s", d)
	}
	if m.NotificationReason != tt.reason {
		t.Errorf("reason %q, want %q", m.NotificationReason, tt.reason)
	}
	if tt.route != "" && m.RouteLabels["team"] != "shops" {
		t.Errorf("route labels %v", m.RouteLabels)
	}

	for m.TruncatedAlerts == 0 { // where the first flush came between the two
		m = readAll(t, h.body(t), tt.lacks)
	}
	if m.TruncatedAlerts != 1 || len(m.Alerts) != 1 {
		t.Errorf("%d alerts and %d left out, want one each", len(m.Alerts), m.TruncatedAlerts)
	}

	// The alert that is left out fires on, though all that one sees
	// of the group says that it is resolved.
	c.resolve(t, "Crash")
	m = readAll(t, h.body(t), tt.lacks)
	if m.Status != webhook.Resolved || m.AllResolved() {
		t.Errorf("status %s, all resolved: %v", m.Status, m.AllResolved())
	}
	c.resolve(t, "Pull")
	if m = readAll(t, h.body(t), tt.lacks); !m.AllResolved() {
		t.Errorf("not all resolved: status %s, %d left out", m.Status, m.TruncatedAlerts)
	}
}

func contractConfig(h *hook, route string) string {
	return fmt.Sprintf(`
route:
  receiver: on.call
  group_by: [namespace]
  group_wait: 10ms
  group_interval: 100ms
  %s
receivers:
- name: on.call
  webhook_configs: [{url: %s, max_alerts: 1}]
`, route, h.URL)
}

// postBoth posts two alerts that use all that an alert can have.
func postBoth(t *testing.T, c client) {
	t.Helper()
	now := time.Now()
	type full struct {
		alert
		GeneratorURL string `json:"generatorURL"`
	}
	var alerts []full
	for _, n := range []string{"Crash", "Pull"} {
		alerts = append(alerts, full{
			alert: alert{
				Labels:      named(n),
				Annotations: map[string]string{"summary": "容器 <cart> & \"db\" \u2028 🚨"},
				StartsAt:    &now,
			},
			GeneratorURL: "http://exporter:10056/alerts?namespace=shop&reason=" + n,
		})
	}
	c.call(t, http.MethodPost, "/api/v2/alerts", alerts, nil)
}

// readAll decodes a message, and fails where it has something that the
// receiver does not read, or that it reads and is not there.
func readAll(t *testing.T, body []byte, lacks []string) *webhook.Message {
	t.Helper()
	m, err := webhook.Decode(bytes.Clone(body))
	if err != nil {
		t.Fatalf("decode: %v\n%s", err, body)
	}
	ours, err := json.Marshal(m)
	if err != nil {
		t.Fatal(err)
	}
	want, got := generic(t, body), generic(t, ours)
	for _, field := range lacks {
		if v, ok := want[field]; ok {
			t.Errorf("%s is sent after all: %v", field, v)
		}
		delete(got, field)
	}
	if d := cmp.Diff(want, got); d != "" {
		t.Fatalf("sent and read differ (-sent +read)\n%s", d)
	}
	return m
}

func generic(t *testing.T, body []byte) map[string]any {
	t.Helper()
	var v map[string]any
	if err := json.Unmarshal(body, &v); err != nil {
		t.Fatal(err)
	}
	return v
}

// TestMessageIsUpstreams holds the receiver's type against Alertmanager's own,
// which would link every notifier.
func TestMessageIsUpstreams(t *testing.T) {
	theirs, err := json.Marshal(upstream.Message{Data: new(template.Data)})
	if err != nil {
		t.Fatal(err)
	}
	ours, err := json.Marshal(webhook.Message{Data: new(template.Data)})
	if err != nil {
		t.Fatal(err)
	}
	if d := cmp.Diff(generic(t, theirs), generic(t, ours)); d != "" {
		t.Errorf("(-upstream +ours)\n%s", d)
	}
}
