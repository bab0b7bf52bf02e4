package render

import (
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"

	"github.com/prometheus/alertmanager/template"
)

// double doubles a text until no memory is left.
const double = `{{ $x := "x" }}{{ range 40 }}{{ $x = printf "%s%s" $x $x }}{{ end }}{{ $x }}`

// TestTemplateBombs: a template that explodes costs neither the push nor the
// program, and is refused when the configuration is read.
func TestTemplateBombs(t *testing.T) {
	for name, text := range map[string]string{
		"loops":         `{{ range 1000000000000 }}{{ end }}`,
		"doubles":       double,
		"calls itself":  `{{ define "own" }}{{ template "own" . }}{{ template "own" . }}{{ end }}{{ template "own" . }}`,
		"in a function": `{{ range 100000 }}{{ $x := printf "%1000000d" 1 }}{{ end }}`,
	} {
		t.Run(name, func(t *testing.T) {
			r := newRenderer(t, map[string]string{"title": text, "body": "a body"})
			if errs := r.Check(noon()); len(errs) == 0 || !strings.Contains(errs[0].Error(), "it does too much") {
				t.Errorf("it was not refused: %v", errs)
			}
			out, ok := r.Render(Input{Message: sample(t), Now: noon()})
			if !ok || out.Params.Title == "" || out.Params.Body != "a body" || len(out.Faults) == 0 {
				t.Errorf("ok %v, %+v", ok, out)
			}
		})
	}
}

// TestBombInAFile: a template file that changes a shipped template is no
// exception.
func TestBombInAFile(t *testing.T) {
	file := filepath.Join(t.TempDir(), "own.tmpl")
	if err := os.WriteFile(file, []byte(`{{ define "bark.title" }}`+double+`{{ end }}`), 0o600); err != nil {
		t.Fatal(err)
	}
	r, err := New(Options{Files: []string{file}})
	if err != nil {
		t.Fatal(err)
	}
	out, _ := r.Render(Input{Message: sample(t), Now: noon()})
	if len(out.Faults) == 0 || !strings.Contains(out.Params.Title, "FailedScheduling") {
		t.Errorf("%+v", out)
	}
}

// TestLabelBombs: what explodes by what a message says, and by nothing that the
// template shows: an alert of ten thousand labels, or one label of a megabyte,
// under a template that is good for all others.
func TestLabelBombs(t *testing.T) {
	r := newRenderer(t, map[string]string{
		"title": `{{ reReplaceAll "a" .CommonLabels.x .CommonLabels.x }}`,
		"body":  `{{ range .Alerts }}{{ range .Labels.SortedPairs }}{{ .Name }}={{ .Value | toUpper | urlquery }} {{ end }}{{ end }}`,
	})
	if errs := r.Check(noon()); len(errs) > 0 {
		t.Fatal(errs)
	}
	flood := template.KV{}
	for i := range 10_000 {
		flood["label"+strings.Repeat("x", i%50)+string(rune('a'+i%26))] = strings.Repeat("v", 100)
	}
	for name, labels := range map[string]template.KV{"many": flood, "long": {"x": strings.Repeat("a", 1<<20)}} {
		t.Run(name, func(t *testing.T) {
			m := sample(t)
			m.CommonLabels = labels
			m.Alerts[0].Labels, m.Alerts[0].Annotations = labels, template.KV{"description": strings.Repeat("汉", 1<<20)}
			var before, after runtime.MemStats
			runtime.ReadMemStats(&before)
			out, ok := r.Render(Input{Message: m, Now: noon()})
			runtime.ReadMemStats(&after)
			if !ok || !out.Params.Fits() {
				t.Errorf("ok %v, size %d", ok, out.Params.Size())
			}
			// The race detector makes pools forget; what is not bounded takes all there is.
			if n := (after.TotalAlloc - before.TotalAlloc) >> 20; n > 3000 {
				t.Errorf("%d MiB were allocated", n)
			}
		})
	}
}

// FuzzTemplates: whatever a user's template and a message say, a push comes of
// it that fits.
func FuzzTemplates(f *testing.F) {
	for _, text := range []string{
		`{{ .Status | toUpper }}`, `{{ range .Alerts }}{{ .Labels.pod }} {{ message . }}{{ end }}`, double,
		`{{ define "bark.alert" }}{{ .Text }}{{ end }}{{ template "bark.body" . }}`, `{{ .Alerts.Firing | len }}`, `{{ clock now }}`,
		`{{ template "bark.title" . }}{{ shorten 20 .CommonLabels.x }}`, `{{ toJson . }}`,
	} {
		f.Add(text, "a label")
	}
	f.Fuzz(func(t *testing.T, text, label string) {
		r, err := New(Options{Params: map[string]string{"body": text, "title": text}})
		if err != nil {
			return
		}
		m := sample(t)
		m.CommonLabels["x"] = label
		out, ok := r.Render(Input{Message: m, Now: noon()})
		if !ok || !out.Params.Fits() {
			t.Errorf("ok %v, size %d", ok, out.Params.Size())
		}
	})
}
