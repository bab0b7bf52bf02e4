// Package contract holds what we write against the libraries of those who read
// it or whose writing we read.
package contract

import (
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/go-kit/log"
	"github.com/go-openapi/strfmt"
	"github.com/prometheus/alertmanager/api/v2/models"
	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/common/model"

	"github.com/kubebark/kubebark/alertbridge"
	"github.com/kubebark/kubebark/alertbridge/notify"
	"github.com/kubebark/kubebark/alertbridge/rule"
	"github.com/kubebark/kubebark/exporter/decode"
	"github.com/kubebark/kubebark/exporter/occurrence"
)

// odd are events that the API lets through.
const odd = `
{"kind":"Event","apiVersion":"v1","metadata":{"name":"a","namespace":"default"},"type":"Warning","involvedObject":{}}
{"kind":"Event","apiVersion":"v1","metadata":{"name":"b","namespace":"default"},"type":"Warning","reason":"a\"b\\c\n{{ .Labels }}","message":"\ud800\u0000{{ now }}","involvedObject":{"kind":"Pod","name":"x","namespace":"default"}}
{"kind":"Event","apiVersion":"v1","metadata":{"name":"c","namespace":"default"},"type":"Warning","reason":"原因","message":"é","count":-1,"lastTimestamp":"2199-01-01T00:00:00Z","involvedObject":{"kind":"Node","name":"n"}}
`

func TestAlertsAreAlertmanagers(t *testing.T) {
	bodies := make(chan []byte, 100)
	am := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		b, err := io.ReadAll(r.Body)
		if err != nil {
			t.Errorf("read: %v", err)
		}
		bodies <- b
	}))
	defer am.Close()
	s := alertbridge.Settings{ExternalURL: "http://exporter.example", Alerting: notify.DefaultConfig(), Alerts: rule.DefaultConfig()}
	s.Alerting.Alertmanagers = []notify.Alertmanager{notify.NewAlertmanager(am.URL)}
	b, err := alertbridge.New(alertbridge.Options{Settings: s, Logger: log.NewNopLogger(), Registerer: prometheus.NewRegistry()})
	if err != nil {
		t.Fatal(err)
	}
	done := make(chan error)
	go func() { done <- b.Run(t.Context()) }()

	incident, err := os.ReadFile("../incident/incident.jsonl")
	if err != nil {
		incident = nil // recorded elsewhere
	}
	want := map[string]bool{}
	err = decode.Read(strings.NewReader(odd+string(incident)), func(r decode.Record, f *decode.Fault) bool {
		if f != nil {
			t.Errorf("odd event: %v", f)
			return true
		}
		if r.Event.Type == occurrence.Warning {
			want[r.Event.Reason] = true
		}
		b.Observe(&occurrence.Occurrence{Event: *r.Event, New: 1, At: time.Now()})
		return true
	})
	if err != nil {
		t.Fatal(err)
	}
	for n := 0; n < 3; {
		n += validate(t, <-bodies)
	}
	if len(want) < 3 {
		t.Errorf("only %d reasons were tried", len(want))
	}
}

// validate checks a body as Alertmanager does before it takes any of it, and
// returns how many alerts it holds.
func validate(t *testing.T, body []byte) int {
	t.Helper()
	var as models.PostableAlerts
	if err := json.Unmarshal(body, &as); err != nil {
		t.Fatalf("%v\n%s", err, body)
	}
	if err := as.Validate(strfmt.Default); err != nil {
		t.Errorf("%v\n%s", err, body)
	}
	for _, a := range as {
		ls := model.LabelSet{}
		for k, v := range a.Labels {
			ls[model.LabelName(k)] = model.LabelValue(v)
			if v == "" {
				t.Errorf("label %s is empty", k)
			}
		}
		m := model.Alert{Labels: ls, StartsAt: time.Time(a.StartsAt), EndsAt: time.Time(a.EndsAt)}
		if err := m.Validate(); err != nil {
			t.Errorf("%v: %v", ls, err)
		}
		if a.Annotations["ended_by"] == "" && !time.Time(a.EndsAt).After(time.Now()) {
			t.Errorf("%v would not fire: ends %v", ls, a.EndsAt)
		}
	}
	return len(as)
}
