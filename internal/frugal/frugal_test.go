package frugal

import (
	"errors"
	"fmt"
	"runtime"
	"strings"
	"testing"
	"text/template"

	amtemplate "github.com/prometheus/alertmanager/template"
)

func limits() Limits { return Limits{Text: 1 << 10, Work: 4 << 20} }

func execute(t testing.TB, text string, data any) (string, error) {
	t.Helper()
	tmpl, err := Parse("t", text, template.FuncMap(amtemplate.DefaultFuncs), limits())
	if err != nil {
		t.Fatal(err)
	}
	return tmpl.Execute(data)
}

// double writes a template that doubles a value forty times.
func double(how, start string) string {
	return "{{ $x := " + start + " }}" + strings.Repeat("{{ $x = "+how+" }}", 40) + "done"
}

// TestBombs: each of these would take hours or all memory.
func TestBombs(t *testing.T) {
	for name, text := range map[string]string{
		"a loop over a number":   `{{ range 1000000000000 }}{{ end }}`,
		"loops in loops":         `{{ range 100000 }}{{ range 100000 }}{{ end }}{{ end }}`,
		"a loop in a branch":     `{{ if true }}{{ with 1 }}{{ range 1000000000000 }}{{ end }}{{ end }}{{ end }}`,
		"a loop in an else":      `{{ range 0 }}{{ else }}{{ range 1000000000000 }}{{ end }}{{ end }}`,
		"calls itself twice":     `{{ define "a" }}{{ template "a" }}{{ template "a" }}{{ end }}{{ template "a" }}`,
		"a tree of calls":        `{{ define "z" }}{{ end }}` + tree() + `{{ template "t0" }}`,
		"doubled by printf":      double(`printf "%s%s" $x $x`, `"x"`),
		"doubled by print":       double(`print $x $x`, `"x"`),
		"doubled by an index":    double(`printf "%[1]s%[1]s" $x`, `"x"`),
		"doubled by join":        double(`join $x (stringSlice "a" "b" "c")`, `"xx"`),
		"doubled by replacing":   double(`reReplaceAll "(.*)" "$1$1" $x`, `"x"`),
		"grown by each match":    double(`reReplaceAll "" $x $x`, `"x"`),
		"escaped again":          double(`html $x`, `"<<<<<<<<<<<<<<<<<<<<<<<<<<<<<<<<<<<<<<<<<<<<<<"`) + double(`urlquery (urlquery (urlquery $x $x))`, `"<"`),
		"doubled lists":          double(`list $x $x`, `1`),
		"doubled dictionaries":   double(`dict "a" $x "b" $x`, `1`) + `{{ toJson $x }}`,
		"wide":                   `{{ range 100000 }}{{ $x := printf "%1000000d" 1 }}{{ end }}`,
		"wide by a star":         `{{ range 100000 }}{{ $x := printf "%*d" 1000000 1 }}{{ end }}`,
		"precise":                `{{ range 100000 }}{{ $x := printf "%.999999f" 1.0 }}{{ end }}`,
		"encoded":                double(`base64encode $x`, `"xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx"`) + double(`print $x $x`, `"x"`),
		"a turn named by a text": `{{ range 1000000000000 }}{{ _turn }}{{ end }}`,
	} {
		t.Run(name, func(t *testing.T) {
			var before, after runtime.MemStats
			runtime.ReadMemStats(&before)
			_, err := execute(t, text, nil)
			runtime.ReadMemStats(&after)
			if !errors.Is(err, ErrSpent) {
				t.Errorf("error %v", err)
			}
			// The race detector makes pools forget; what is not bounded takes all there is.
			if n := (after.TotalAlloc - before.TotalAlloc) >> 20; n > 2000 {
				t.Errorf("%d MiB were allocated", n)
			}
		})
	}
}

// tree is templates that each call the next one twice.
func tree() string {
	var b strings.Builder
	for i := range 60 {
		fmt.Fprintf(&b, `{{ define "t%d" }}{{ template "t%d" }}{{ template "t%d" }}{{ end }}`, i, i+1, i+1)
	}
	return b.String() + `{{ define "t60" }}{{ end }}`
}

// TestSame: what is within bounds is as it always was.
func TestSame(t *testing.T) {
	data := map[string]any{"a": "<x>", "n": 7, "list": []string{"b", "c"}, "none": nil}
	for _, text := range []string{
		`{{ .a }} {{ .missing }} {{ printf "%-5s|%05d|%v" .a .n .list }}`,
		`{{ range $i, $x := .list }}{{ if $i }}, {{ end }}{{ $x | toUpper }}{{ else }}none{{ end }}`,
		`{{ range 3 }}{{ . }}{{ if eq . 1 }}{{ break }}{{ end }}{{ end }}`,
		`{{ define "x" }}[{{ . }}]{{ end }}{{ template "x" .a }}{{ block "y" .n }}({{ . }}){{ end }}`,
		`{{ join ", " .list }} {{ reReplaceAll "(.)x" "${1}y$1" .a }} {{ html .a }} {{ js .a }} {{ urlquery .a }}`,
		`{{ print .a .n }} {{ println .n }} {{ toJson .list }} {{ len (list 1 2) }} {{ index (dict "k" "v") "k" }}`,
		`{{ with .none }}x{{ else with .a }}{{ . }}{{ else }}z{{ end }}{{- /* a comment */ -}}`,
		`{{ not (match "^<" .a) }} {{ and .a .n }} {{ slice .a 1 2 }} {{ stringSlice "p" "q" }}`,
	} {
		want := new(strings.Builder)
		plain, err := template.New("t").Option("missingkey=zero").Funcs(template.FuncMap(amtemplate.DefaultFuncs)).Parse(text)
		if err != nil {
			t.Fatal(err)
		}
		if err := plain.Execute(want, data); err != nil {
			t.Fatal(err)
		}
		if got, err := execute(t, text, data); err != nil || got != want.String() {
			t.Errorf("%s\ngot  %q, %v\nwant %q", text, got, err, want)
		}
	}
}

func TestLongTextIsCut(t *testing.T) {
	got, err := execute(t, `{{ range 10000 }}0123456789{{ end }}`, nil)
	if err != nil || len(got) != limits().Text {
		t.Errorf("%d bytes, %v", len(got), err)
	}
}

// TestFaults: a fault is said as text/template says it.
func TestFaults(t *testing.T) {
	for _, tt := range []struct{ text, want string }{
		{`{{ reReplaceAll "(" "x" "y" }}`, "missing closing )"},
		{`{{ tz "Nowhere/At/All" .t }}`, "expected time.Time"},
		{`{{ .a.b.c }}`, "nil pointer"},
		{`{{ join "x" 7 }}`, "arg of type []string"},
		{`{{ printf }}`, "wrong number of args for printf"},
	} {
		if _, err := execute(t, tt.text, map[string]any{"t": nil, "a": nil}); err == nil || !strings.Contains(err.Error(), tt.want) {
			t.Errorf("%s: %v, want %s", tt.text, err, tt.want)
		}
	}
}

// FuzzTemplate: no template takes more than it may, whatever it is given.
func FuzzTemplate(f *testing.F) {
	for _, text := range []string{
		`{{ range 10 }}{{ . }}{{ end }}`, `{{ printf "%5s" .s }}`, `{{ reReplaceAll "a+" "$0$0" .s }}`,
		`{{ define "a" }}{{ template "a" }}{{ end }}{{ template "a" }}`, double(`print $x $x`, `"x"`), `{{ toJson . }}`,
		`{{ range .list }}{{ continue }}{{ end }}`, `{{ join .s .list }}`, `{{ $x := list . . }}{{ $x = append $x $x }}{{ $x }}`,
	} {
		f.Add(text, "<a text>")
	}
	f.Fuzz(func(t *testing.T, text, s string) {
		tmpl, err := Parse("t", text, template.FuncMap(amtemplate.DefaultFuncs), limits())
		if err != nil {
			return
		}
		var before, after runtime.MemStats
		runtime.ReadMemStats(&before)
		got, err := tmpl.Execute(map[string]any{"s": s, "list": []string{s, "b"}, "n": len(s)})
		runtime.ReadMemStats(&after)
		if err == nil && len(got) > limits().Text {
			t.Errorf("%d bytes", len(got))
		}
		if n := (after.TotalAlloc - before.TotalAlloc) >> 20; n > 300 {
			t.Errorf("%d MiB were allocated", n)
		}
	})
}
