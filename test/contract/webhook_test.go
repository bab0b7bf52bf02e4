package contract

import (
	"encoding/json"
	"maps"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"

	"github.com/prometheus/alertmanager/notify/webhook"
	"github.com/prometheus/alertmanager/template"

	receiver "github.com/kubebark/kubebark/barkreceiver/webhook"
)

// TestWebhookMessage holds our message against Alertmanager's own: the same
// fields of the same types under the same names, and nothing lost on the way.
func TestWebhookMessage(t *testing.T) {
	theirs, ours := fields(reflect.TypeFor[webhook.Message]()), fields(reflect.TypeFor[receiver.Message]())
	if !reflect.DeepEqual(theirs, ours) {
		t.Errorf("Alertmanager's message has %v, ours %v", theirs, ours)
	}
	files, err := filepath.Glob("../../barkreceiver/testdata/golden/*.in.json")
	if err != nil || len(files) == 0 {
		t.Fatalf("%d messages, error %v", len(files), err)
	}
	for _, file := range files {
		body, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		sent := new(webhook.Message)
		if err := json.Unmarshal(body, sent); err != nil {
			t.Fatalf("%s is no message of Alertmanager's: %v", file, err)
		}
		wire, err := json.Marshal(sent)
		if err != nil {
			t.Fatal(err)
		}
		got, err := receiver.Decode(wire)
		if err != nil {
			t.Errorf("%s: %v", file, err)
			continue
		}
		if len(got.Alerts) != len(sent.Alerts) || got.GroupKey != sent.GroupKey || got.TruncatedAlerts != sent.TruncatedAlerts ||
			got.NotificationReason != sent.NotificationReason || !reflect.DeepEqual(got.CommonLabels, sent.CommonLabels) {
			t.Errorf("%s arrived as %+v", file, got)
		}
	}
}

// fields lists a struct's JSON fields with their types, also those of structs
// that it embeds.
func fields(t reflect.Type) map[string]string {
	all := map[string]string{}
	for f := range t.Fields() {
		if f.Anonymous {
			maps.Copy(all, fields(f.Type.Elem()))
			continue
		}
		if name, _, _ := strings.Cut(f.Tag.Get("json"), ","); name != "" {
			all[name] = f.Type.String()
		}
	}
	return all
}

// Template functions must not run a route label's value once more.
func TestRouteLabelsArriveRendered(t *testing.T) {
	m, err := receiver.Decode([]byte(`{"version":"4","status":"firing","alerts":[{"status":"firing"}],"routeLabels":{"team":"{{ .Receiver }}"}}`))
	if err != nil {
		t.Fatal(err)
	}
	tmpl, err := template.New()
	if err != nil {
		t.Fatal(err)
	}
	if got, err := tmpl.ExecuteTextString(`{{ routeLabels "team" }}`, m.Data); err != nil || got != "{{ .Receiver }}" {
		t.Errorf("%q, %v", got, err)
	}
}
