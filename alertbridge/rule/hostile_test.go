package rule

import (
	"fmt"
	"runtime"
	"slices"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"github.com/prometheus/alertmanager/matcher/parse"
	"github.com/prometheus/alertmanager/pkg/labels"

	"github.com/kubebark/kubebark/alertbridge/identity"
	"github.com/kubebark/kubebark/exporter/occurrence"
)

// double doubles a text until no memory is left.
const double = `{{ $x := "x" }}{{ range 40 }}{{ $x = printf "%s%s" $x $x }}{{ end }}{{ $x }}`

// TestTemplateBombsAreRefused: a rule whose template explodes is no rule.
func TestTemplateBombsAreRefused(t *testing.T) {
	for _, text := range []string{
		`{{ range 1000000000000 }}{{ end }}`, double,
		`{{ define "t" }}{{ template "t" . }}{{ template "t" . }}{{ end }}{{ template "t" . }}`,
	} {
		for _, where := range []string{"labels", "annotations"} {
			_, err := parseConf(t, fmt.Sprintf("rules:\n- matchers: ['reason=\"x\"']\n  %s: {a: '%s'}\n", where, text))
			if err == nil || !strings.Contains(err.Error(), "c.yml:3: rules.0."+where+".a: bad template") || !strings.Contains(err.Error(), "does too much") {
				t.Errorf("%s %s: %v", where, text, err)
			}
		}
	}
}

// hostile is an event whose writer wants us to suffer.
func hostile(s string) *occurrence.Event {
	at := time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)
	return &occurrence.Event{
		Namespace: s, Name: s, UID: s, Type: "Warning", Reason: s, Message: s, Component: s, Host: s, Count: 1 << 60, First: at, Last: at,
		Object: occurrence.Object{Kind: s, Namespace: s, Name: s, UID: s, FieldPath: s, APIVersion: s},
	}
}

const greedy = `
rules:
- matchers: ['type="Warning"']
  labels: {team: '{{ reReplaceAll "a" .Reason .Reason }}', x: '{{ .Name | urlquery | urlquery }}'}
  annotations: {more: '{{ reReplaceAll "a" .Message .Message }}', y: '{{ .Message | toUpper | html }}', z: '{{ range .Labels.SortedPairs }}{{ . }}{{ end }}'}
`

// bounded checks what is made of an event.
func bounded(t *testing.T, set *Set, ev *occurrence.Event) {
	t.Helper()
	r := set.Match(ev)
	if r == nil {
		return
	}
	ls, _ := r.Labels(ev, identity.Owner{Kind: ev.Object.Kind, Name: ev.Object.Name})
	as, _ := r.Annotations(&Facts{Event: ev, Labels: ls, Objects: 1, Count: ev.Count, First: ev.First, Last: ev.Last, EndedBy: ev.Message, Owner: ev.Message, Exit: ev.Message})
	for k, v := range ls {
		if len(v) > maxLabel+len(alertPrefix) || !utf8.ValidString(v) {
			t.Errorf("label %s of %d bytes", k, len(v))
		}
	}
	for k, v := range as {
		if len(v) > maxAnnotation || !utf8.ValidString(v) {
			t.Errorf("annotation %s of %d bytes", k, len(v))
		}
	}
	if !strings.HasPrefix(ls["alertname"], alertPrefix) || ls["source"] != Source {
		t.Errorf("it passes for another: %.100q", ls)
	}
}

// TestHostileEvent: an event of a megabyte in each field makes an alert as
// large as any, at no great cost, though the rule's templates multiply it.
func TestHostileEvent(t *testing.T) {
	set := compiled(t, mustParse(t, greedy), nil)
	for _, s := range []string{strings.Repeat("a", 1<<20), strings.Repeat("\xff", 1<<20), strings.Repeat("汉", 1<<18), strings.Repeat("<&>\"\n", 1<<18)} {
		var before, after runtime.MemStats
		runtime.ReadMemStats(&before)
		bounded(t, set, hostile(s))
		runtime.ReadMemStats(&after)
		// The race detector makes pools forget; what is not bounded takes all there is.
		if n := (after.TotalAlloc - before.TotalAlloc) >> 20; n > 2000 {
			t.Errorf("%.10q…: %d MiB were allocated", s, n)
		}
	}
}

// FuzzEvent: whatever an event says, its alert is bounded, valid, and cannot pass
// for one of another source.
func FuzzEvent(f *testing.F) {
	own := compiled(f, mustParse(f, greedy), nil)
	shipped := compiled(f, DefaultConfig(), map[string]string{"cluster": "c"})
	f.Add("Warning", "BackOff", "Pod", "shop", "cart-7dc45b778d-x2x4q", "Back-off <b>")
	f.Add("Normal", "NodeNotReady", "Node", "", "n1", "\xff\x00")
	f.Add("Warning", strings.Repeat("a", 600), "", "", "", strings.Repeat("汉", 3000))
	f.Fuzz(func(t *testing.T, eventType, reason, kind, namespace, name, message string) {
		ev := event(eventType, kind, reason, message)
		ev.Object.Namespace, ev.Object.Name = namespace, name
		bounded(t, own, ev)
		bounded(t, shipped, ev)
	})
}

// FuzzMatchers: no matcher is taken that cannot be asked, and its text means the
// same.
func FuzzMatchers(f *testing.F) {
	for _, s := range []string{`reason="BackOff"`, `{type=~"W.*",kind!="Pod"}`, `message!~"(a+)+$"`, `workload="\xff"`, `name=`, `reason=~"["`, `kind!~"Pod|Job"`, `reason=~"BackOff|A|"`, `"reason"="汉"`} {
		f.Add(s, "BackOff")
	}
	f.Fuzz(func(t *testing.T, spec, value string) {
		ms, err := parseMatchers([]string{spec})
		if err != nil {
			return
		}
		ev := hostile(value)
		matched := matchAll(ms.first, ev) && matchAll(ms.rest, ev)
		again, err := parseMatchers([]string{ms.String()})
		if err != nil {
			t.Fatalf("%q was made of %q: %v", ms.String(), spec, err)
		}
		if matched != (matchAll(again.first, ev) && matchAll(again.rest, ev)) {
			t.Errorf("%q means another than %q", ms.String(), spec)
		}
		theirs, err := parse.Matchers(spec)
		if err != nil {
			t.Fatalf("%q is none of Alertmanager's: %v", spec, err)
		}
		if matched != !slices.ContainsFunc(theirs, func(m *labels.Matcher) bool { v, _ := field(m.Name, ev); return !m.Matches(v) }) {
			t.Errorf("%q means another than Alertmanager says", spec)
		}
	})
}

// FuzzTemplate: a template that a configuration is taken with can be executed on
// any event.
func FuzzTemplate(f *testing.F) {
	for _, s := range []string{`{{ .Labels.reason }}`, `https://x/{{ .Name | urlquery }}`, `{{ range .Labels.SortedPairs }}{{ .Name }}{{ end }}`, double, `{{ if eq .Kind "Pod" }}a{{ end }}`} {
		f.Add(s, "a text")
	}
	f.Fuzz(func(t *testing.T, text, s string) {
		c := DefaultConfig()
		c.BuiltinRules = false
		c.Rules = []Spec{{Matchers: []string{`type="Warning"`}, Labels: map[string]string{"a": text}, Annotations: map[string]string{"b": text}}}
		set, err := Compile(c, nil)
		if err != nil {
			return
		}
		bounded(t, set, hostile(s))
	})
}
