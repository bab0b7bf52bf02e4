package render

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/prometheus/alertmanager/template"

	"github.com/kubebark/kubebark/barkreceiver/webhook"
)

// many returns a group of n alerts that tell themselves apart.
func many(t testing.TB, n int) *webhook.Message {
	t.Helper()
	m := sample(t)
	delete(m.CommonLabels, "name")
	delete(m.GroupLabels, "name")
	first := m.Alerts[0]
	m.Alerts = nil
	for i := range n {
		a := first
		a.Labels = template.KV{"alertname": "Down", "pod": fmt.Sprint("pod-", i)}
		a.Annotations = template.KV{"summary": "It is down."}
		m.Alerts = append(m.Alerts, a)
	}
	return m
}

// Which alerts have room is found out by trying; an alert costs once all the
// same, and those that never have room cost nothing.
func TestListRendersEachAlertOnce(t *testing.T) {
	seen := map[string]int{}
	l := &list{render: func(a template.Alert) string {
		seen[a.Labels["pod"]]++
		return strings.Repeat("x", 99)
	}}
	alerts := many(t, 1000).Alerts
	for _, n := range []int{1000, 500, 3, 1, 41, 0} {
		text := l.first(alerts, n)
		if want := min(n, 41); len(text) != max(want*100-1, 0) {
			t.Errorf("the first %d: %d bytes", n, len(text))
		}
	}
	if len(seen) != 41 { // 41 lines of 100 bytes are more than 4,096
		t.Errorf("%d alerts were rendered", len(seen))
	}
	for pod, times := range seen {
		if times != 1 {
			t.Errorf("%s was rendered %d times", pod, times)
		}
	}
}

// Our list says the same as a template that goes through the alerts itself.
func TestListIsWhatARangeWrites(t *testing.T) {
	const line = `{{ if .Firing }}+{{ .Which }} {{ .Began }} {{ .Times }} {{ .Text }}{{ else }}-{{ .Which }} {{ .Ended }}{{ end }}`
	const loop = `{{ $d := . }}{{ range $i, $a := .Alerts }}{{ if $i }}
{{ end }}{{ if eq .Status "firing" }}+{{ $d.Which . }} {{ clock (begin .) }} {{ times . }} {{ message . }}{{ else }}-{{ $d.Which . }} {{ clock .EndsAt }}{{ end }}{{ end }}`
	file := filepath.Join(t.TempDir(), "x.tmpl")
	if err := os.WriteFile(file, []byte(`{{ define "bark.alert" }}`+line+`{{ end }}`), 0o600); err != nil {
		t.Fatal(err)
	}
	ours, err := New(Options{Files: []string{file}})
	if err != nil {
		t.Fatal(err)
	}
	theirs, err := New(Options{Params: map[string]string{"body": loop}})
	if err != nil {
		t.Fatal(err)
	}
	for _, m := range []*webhook.Message{Samples(noon())[1].Message, many(t, 200)} {
		got, _ := ours.Render(Input{Message: m, Now: noon()})
		want, _ := theirs.Render(Input{Message: m, Now: noon()})
		if d := cmp.Diff(want.Params.Body, got.Params.Body); d != "" || len(got.Faults) > 0 {
			t.Errorf("faults %v (-range +list)\n%s", got.Faults, d)
		}
	}
}

// A template file that changes a default for the worse costs nobody an alert.
func TestBrokenDefaults(t *testing.T) {
	m := many(t, 200)
	plain, _ := newRenderer(t, nil).Render(Input{Message: m, Now: noon()})
	for _, name := range []string{"title", "body", "alert", "more", "level"} {
		t.Run(name, func(t *testing.T) {
			file := filepath.Join(t.TempDir(), "x.tmpl")
			if err := os.WriteFile(file, []byte(`{{ define "bark.`+name+`" }}{{ .Nonsense }}{{ end }}`), 0o600); err != nil {
				t.Fatal(err)
			}
			r, err := New(Options{Source: "prod", Receiver: "oncall", Files: []string{file}})
			if err != nil {
				t.Fatal(err)
			}
			for range 2 { // the second with templates that were used before
				out, _ := r.Render(Input{Message: m, Now: noon()})
				if d := cmp.Diff(plain.Params, out.Params); d != "" {
					t.Errorf("(-default +got)\n%s", d)
				}
				if len(out.Faults) != 1 || !strings.Contains(out.Faults[0].Error(), "Nonsense") {
					t.Errorf("faults %v", out.Faults)
				}
			}
		})
	}
}
