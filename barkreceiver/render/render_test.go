package render

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/prometheus/alertmanager/template"

	"github.com/kubebark/kubebark/barkreceiver/push"
	"github.com/kubebark/kubebark/barkreceiver/webhook"
)

func noon() time.Time { return time.Date(2026, 11, 25, 12, 0, 0, 0, time.UTC) }

func newRenderer(t testing.TB, params map[string]string) *Renderer {
	t.Helper()
	r, err := New(Options{Source: "prod", Receiver: "oncall", Params: params})
	if err != nil {
		t.Fatal(err)
	}
	return r
}

func sample(t testing.TB) *webhook.Message {
	t.Helper()
	return Samples(noon())[0].Message
}

func TestSamplesRenderWithoutFaults(t *testing.T) {
	for _, lang := range Languages() {
		for _, mode := range []Resolved{Update, Fresh} {
			r, err := New(Options{Language: lang, Resolved: mode})
			if err != nil {
				t.Fatal(err)
			}
			for _, e := range r.Check(noon()) {
				t.Errorf("%s, %s: %v", lang, mode, e)
			}
			o := r.Oversize(noon())
			if len(o.Faults) > 0 || o.Params.Title == "" || o.Params.Body == "" {
				t.Errorf("%s: %+v", lang, o)
			}
		}
	}
}

// A template that fails, or writes what Bark would ignore, costs nobody an
// alert.
func TestBadTemplates(t *testing.T) {
	for _, tt := range []struct{ param, text, want string }{
		{"title", `{{ .NoSuchField }}`, "can't evaluate field NoSuchField"},
		{"body", `{{ (index .Alerts 7).Labels.x }}`, "index out of range"},
		{"subtitle", `{{ reReplaceAll "(" "" "x" }}`, "missing closing )"},
		{"level", "loud", "want one of active, timeSensitive, passive, critical"},
		{"volume", "11", "want a whole number from 0 to 10"},
		{"badge", "-1", "want a whole number"},
		{"call", "maybe", "want true or false"},
		{"url", "not a url", "want a URL"},
		{"ttl", "a while", "want a duration"},
		{"action", "dance", "want one of none, alert"},
	} {
		t.Run(tt.param, func(t *testing.T) {
			in := Input{Message: sample(t), Now: noon()}
			good, _ := newRenderer(t, nil).Render(in)
			got, _ := newRenderer(t, map[string]string{tt.param: tt.text}).Render(in)
			if d := cmp.Diff(good.Params, got.Params); d != "" {
				t.Errorf("not the defaults (-want +got)\n%s", d)
			}
			if len(got.Faults) != 1 || got.Faults[0].Param != tt.param || !strings.Contains(got.Faults[0].Error(), tt.want) {
				t.Errorf("faults %v, want %q", got.Faults, tt.want)
			}
		})
	}
}

func TestNewRefuses(t *testing.T) {
	_, err := New(Options{Params: map[string]string{"title": "{{ .Status", "body": "{{ nope }}"}})
	for _, want := range []string{"template of title: template: title:1: unclosed action", `template of body: template: body:1: function "nope" not defined`} {
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("error %v, want %q in it", err, want)
		}
	}
}

func TestAnEmptyTemplateSendsNothing(t *testing.T) {
	out, _ := newRenderer(t, map[string]string{"subtitle": "", "url": " ", "group": `{{ "" }}`}).Render(Input{Message: sample(t), Now: noon()})
	text, err := json.Marshal(out.Params)
	if err != nil || len(out.Faults) > 0 {
		t.Fatal(err, out.Faults)
	}
	for _, name := range []string{"subtitle", "url", "group", "sound"} {
		if strings.Contains(string(text), `"`+name+`"`) {
			t.Errorf("%s is in %s", name, text)
		}
	}
}

func TestATemplateThatNeverEnds(t *testing.T) {
	m := sample(t)
	for range 5000 {
		m.Alerts = append(m.Alerts, m.Alerts[0])
	}
	body := `{{ define "x" }}{{ range .Alerts }}{{ range $.Alerts }}{{ range $.Alerts }}{{ message . }}{{ end }}{{ end }}{{ end }}{{ end }}{{ template "x" . }}`
	out, ok := newRenderer(t, map[string]string{"body": body}).Render(Input{Message: m, Now: noon()})
	if !ok || !out.Truncated || len(out.Faults) > 0 || !out.Params.Fits() {
		t.Errorf("%v %v %v %d bytes", ok, out.Truncated, out.Faults, out.Params.Size())
	}
}

func TestClock(t *testing.T) {
	at := func(s string) time.Time {
		v, err := time.Parse(time.RFC3339, s)
		if err != nil {
			t.Fatal(err)
		}
		return v
	}
	shanghai, err := time.LoadLocation("Asia/Shanghai")
	if err != nil {
		t.Fatal(err)
	}
	en, zh := &Renderer{opts: Options{Language: "en", Location: time.UTC}}, &Renderer{opts: Options{Language: "zh", Location: shanghai}}
	for _, tt := range []struct {
		r          *Renderer
		time, want string
	}{
		{en, "2026-11-25T09:05:00Z", "09:05"},
		{en, "2026-11-24T23:59:00Z", "Nov 24 23:59"},
		{en, "2025-11-25T09:05:00Z", "2025-11-25 09:05"},
		{zh, "2026-11-24T16:30:00Z", "00:30"},
		{zh, "2026-11-24T15:30:00Z", "11月24日 23:30"},
	} {
		if got := tt.r.clock(at(tt.time), noon()); got != tt.want {
			t.Errorf("%s: %q, want %q", tt.time, got, tt.want)
		}
	}
	if got := en.clock(time.Time{}, noon()); got != "?" {
		t.Errorf("no time: %q", got)
	}
}

func TestID(t *testing.T) {
	id := groupID("prod", "oncall", "{}:{a=\"b\"}")
	for _, other := range []string{groupID("test", "oncall", "{}:{a=\"b\"}"), groupID("prod", "other", "{}:{a=\"b\"}"), groupID("prod", "oncall", "{}:{a=\"c\"}"), groupID("prodo", "ncall", "{}:{a=\"b\"}")} {
		if other == id {
			t.Error("two groups have one id")
		}
	}
	if len(id) == 0 || len(id) > 64 || id != groupID("prod", "oncall", "{}:{a=\"b\"}") {
		t.Errorf("id %q", id)
	}
}

func TestDigest(t *testing.T) {
	base := Digest(sample(t))
	for _, tt := range []struct {
		name   string
		change func(*webhook.Message)
		same   bool
	}{
		{"another count", func(m *webhook.Message) { m.Alerts[0].Annotations = template.KV{"count": "99"} }, true},
		{"another reason", func(m *webhook.Message) { m.NotificationReason = webhook.ReasonRepeat }, true},
		{"resolved", func(m *webhook.Message) { m.Alerts[0].Status, m.Status = webhook.Resolved, webhook.Resolved }, false},
		{"another time of its beginning", func(m *webhook.Message) { m.Alerts[0].StartsAt = noon() }, true},
		{"one more", func(m *webhook.Message) { m.Alerts = append(m.Alerts, template.Alert{Fingerprint: "2"}) }, false},
		{"one more left out", func(m *webhook.Message) { m.TruncatedAlerts++ }, false},
	} {
		m := sample(t)
		tt.change(m)
		if same := Digest(m) == base; same != tt.same {
			t.Errorf("%s: same %v", tt.name, same)
		}
	}
}

// Whatever comes, the push fits, keeps its id and is not empty.
func FuzzRender(f *testing.F) {
	f.Add("title", "a text "+family, 3, uint64(0), false)
	f.Add(strings.Repeat("汉", 2000), strings.Repeat("<&>", 900), 40, uint64(7), true)
	f.Add("", "\x00\xff", 300, uint64(1)<<63, true)
	own, plain := newRenderer(f, map[string]string{
		"markdown": "{{ range .Alerts }}# {{ message . }}\n{{ end }}", "group": "{{ .CommonLabels.x }}", "title": "{{ .CommonLabels.x }}",
		"copy": "{{ .CommonLabels.x }}", "url": "x:{{ .CommonLabels.x | urlquery }}", "subtitle": "{{ .CommonLabels.x }}", "sound": "{{ .CommonLabels.x }}",
	}), newRenderer(f, nil)
	f.Fuzz(func(t *testing.T, label, text string, n int, truncated uint64, useOwn bool) {
		m := sample(t)
		m.TruncatedAlerts = truncated
		m.CommonLabels["x"], m.CommonLabels["name"] = label, label
		for i := range min(max(n, 0), 400) {
			a := m.Alerts[0]
			a.Annotations = template.KV{"description": text}
			a.Labels = template.KV{"alertname": label, "pod": fmt.Sprint(i)}
			m.Alerts = append(m.Alerts, a)
		}
		r := plain
		if useOwn {
			r = own
		}
		for _, limit := range []int{push.MaxPayload, 3000, 700} {
			out, ok := r.Render(Input{Message: m, Now: noon(), Fits: func(p *push.Params) bool { return p.Size() <= limit }})
			if !ok || out.Params.Size() > limit || out.Params.ID == "" {
				t.Fatalf("limit %d: ok %v, %d bytes, id %q", limit, ok, out.Params.Size(), out.Params.ID)
			}
		}
	})
}
