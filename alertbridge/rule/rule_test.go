package rule

import (
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"github.com/google/go-cmp/cmp"

	"github.com/kubebark/kubebark/alertbridge/identity"
	"github.com/kubebark/kubebark/exporter/occurrence"
	"github.com/kubebark/kubebark/internal/conf"
)

func parseConf(t testing.TB, in string) (Config, error) {
	t.Helper()
	c := DefaultConfig()
	err := conf.Parse("c.yml", []byte(in), &c)
	return c, err
}

func mustParse(t testing.TB, in string) Config {
	t.Helper()
	c, err := parseConf(t, in)
	if err != nil {
		t.Fatal(err)
	}
	return c
}

// The example of the contract.
const example = `
identity: workload
builtin_rules: true
diagnostics: {pod_status: true}
max_active: 5000
rules:
  - name: quiet-budgets
    matchers: ['reason="NoPods"', 'kind="PodDisruptionBudget"']
    drop: true
  - matchers: ['type="Normal"', 'reason="Killing"', 'namespace="payments"']
    for: 0s
    min_occurrences: 3
    within: 10m
    keep_firing_for: 20m
    resolve_on: [Started, Scheduled]
    identity: object
    labels: {severity: critical, team: payments}
    annotations: {runbook_url: 'https://example.org/{{ .Labels.reason }}'}
`

func TestExample(t *testing.T) {
	set := compiled(t, mustParse(t, example), map[string]string{"cluster": "prod-eu", "team": "nobody"})
	if e := set.Explain(event("Warning", "PodDisruptionBudget", "NoPods", "x")); e.Rule != "quiet-budgets" || !e.Dropped {
		t.Errorf("the first rule: %+v", e)
	}
	ev := event("Normal", "Pod", "Killing", "Stopping container cart")
	ev.Object.Namespace = "payments"
	ev.First = time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)
	ev.Last = ev.First.Add(time.Minute)
	want := Explanation{
		Rule: "rules[1]", Alerts: true,
		Labels: map[string]string{
			"alertname": "KubeEventKilling", "reason": "Killing", "source": "kubernetes-event", "severity": "critical",
			"namespace": "payments", "kind": "Pod", "name": "cart-7dc45b778d-x2x4q", "pod": "cart-7dc45b778d-x2x4q",
			"team": "payments", "cluster": "prod-eu",
		},
		Annotations: map[string]string{
			"summary": "Killing: Pod payments/cart-7dc45b778d-x2x4q", "description": "Stopping container cart",
			"object": "Pod/payments/cart-7dc45b778d-x2x4q", "objects": "1", "count": "1",
			"first_seen": "2026-01-02T03:04:05Z", "last_seen": "2026-01-02T03:05:05Z",
			"component": "kubelet", "host": "node-1", "runbook_url": "https://example.org/Killing",
		},
		MinOccurrences: 3, Within: 10 * time.Minute, KeepFiringFor: 20 * time.Minute,
		ResolveOn: []string{"Started", "Scheduled"},
	}
	if d := cmp.Diff(want, set.Explain(ev)); d != "" {
		t.Errorf("(-want +got)\n%s", d)
	}
}

func TestMatchersSeeEachField(t *testing.T) {
	ev := event("Warning", "Pod", "BackOff", "back-off é")
	for _, m := range []string{
		`type="Warning"`, `reason=~"Back.*"`, `namespace!="x"`, `kind="Pod"`, `name=~"cart-.*"`, `component="kubelet"`,
		`host="node-1"`, `message=~".*é"`, `workload="cart"`, `"reason"="BackOff"`, `{reason="BackOff", kind="Pod"}`,
	} {
		c := DefaultConfig()
		c.Rules = []Spec{{Name: "it", Matchers: []string{m}}}
		if r := compiled(t, c, nil).Match(ev); r == nil || r.Name != "it" {
			t.Errorf("%s does not match", m)
		}
	}
	c := DefaultConfig()
	c.Rules = []Spec{{Name: "it", Matchers: []string{`reason="BackOff"`, `host=""`}}}
	if r := compiled(t, c, nil).Match(ev); r == nil || r.Name == "it" {
		t.Error("all matchers of a rule must match")
	}
}

func TestFaults(t *testing.T) {
	const rule = "rules:\n- name: x\n  matchers: ['reason=\"A\"']\n"
	for _, tt := range []struct{ name, in, want string }{
		{"no matcher", "rules:\n- name: x", `c.yml:2: rules.0.matchers: at least one is needed`},
		{"bad matcher", "rules:\n- matchers: ['reason']", `c.yml:2: rules.0.matchers.0: `},
		{"two signs", "rules:\n- matchers: ['reason==\"x\"']", `c.yml:2: rules.0.matchers.0: `},
		{"bad regexp", "rules:\n- matchers: ['reason=~\"(\"']", `c.yml:2: rules.0.matchers.0: `},
		{"empty matcher", "rules:\n- matchers: ['{}']", `c.yml:2: rules.0.matchers.0: no matcher in "{}"`},
		{"unknown field", "rules:\n- matchers:\n  - 'pod=\"x\"'", `c.yml:3: rules.0.matchers.0: events have no field "pod"; there are type, reason`},
		{"unknown key", rule + "  keep: 5m", `c.yml:4: unknown key "keep"`},
		{"identity", "identity: pod", `c.yml:1: identity: unknown identity "pod": want workload, object or owner`},
		{"limit", "max_active: 0", `c.yml:1: max_active: must be at least 1`},
		{"same name", rule + "- name: x\n  matchers: ['reason=\"B\"']", `c.yml:4: rules.1.name: rule 1 has the name "x" already`},
		{"shipped name", "rules:\n- name: default\n  matchers: ['reason=\"A\"']", `c.yml:2: rules.0.name: `},
		{"drop and more", rule + "  drop: true\n  for: 5m", `c.yml:4: rules.0.drop: a rule that drops makes no alert`},
		{"within alone", rule + "  within: 5m", `c.yml:4: rules.0.within: `},
		{"no quiet time", rule + "  keep_firing_for: 0s", `c.yml:4: rules.0.keep_firing_for: `},
		{"fixed label", rule + "  labels:\n    name: x", `c.yml:5: rules.0.labels.name: comes from the event`},
		{"label name", rule + "  labels: {'': x}", `c.yml:4: rules.0.labels.: "" cannot be the name of a label`},
		{"message label", rule + "  labels: {a: '{{ .Message }}'}", `c.yml:4: rules.0.labels.a: a label must not hold a message, a count, a time or a UID (.Message)`},
		{"hidden count label", rule + "  labels: {a: '{{ if eq .Kind \"x\" }}{{ .Count }}{{ end }}'}", `c.yml:4: rules.0.labels.a: a label must not hold`},
		{"time label", rule + "  labels: {a: '{{ now }}'}", `c.yml:4: rules.0.labels.a: a label must not hold`},
		{"unknown function", rule + "  annotations: {a: '{{ upper .Reason }}'}", `c.yml:4: rules.0.annotations.a: bad template: line 1: function "upper" not defined`},
		{"unknown value", rule + "  annotations: {a: '{{ .Pod }}'}", `c.yml:4: rules.0.annotations.a: bad template: there is no .Pod in .Pod`},
		{"open template", rule + "  annotations: {a: '{{ .Reason'}", `c.yml:4: rules.0.annotations.a: bad template: line 1: unclosed action`},
	} {
		t.Run(tt.name, func(t *testing.T) {
			_, err := parseConf(t, tt.in)
			if err == nil || !strings.HasPrefix(err.Error(), tt.want) {
				t.Errorf("got  %v\nwant %s…", err, tt.want)
			}
		})
	}
}

func TestTemplates(t *testing.T) {
	c := DefaultConfig()
	c.Rules = []Spec{{
		Matchers: []string{`reason="BackOff"`},
		Labels: map[string]string{
			"severity": `{{ if match "payments|shop" .Namespace }}critical{{ else }}info{{ end }}`,
			"node":     "{{ .Host }}", "empty": `{{ .Labels.nothing }}`, "broken": `{{ if eq .Host "node-1" }}{{ reReplaceAll "(" "" .Host }}{{ end }}`,
		},
		Annotations: map[string]string{
			"text":   `{{ .Objects }} of {{ .Labels.name | toUpper }}: {{ .Message }} {{ .LastSeen.Unix }}`,
			"broken": `{{ if gt .Count 99 }}{{ index .Labels.name 900 }}{{ end }}`, "summary": `{{ if gt .Count 99 }}{{ index "" 9 }}{{ end }}`,
		},
	}}
	// The sample must not catch what only some events bring out.
	c.Rules[0].Labels["broken"] = strings.ReplaceAll(c.Rules[0].Labels["broken"], "node-1", "node-9")
	set := compiled(t, c, nil)
	ev := event("Warning", "Pod", "BackOff", "back-off")
	ev.Host = "node-9"
	r := set.Match(ev)
	ls, failures := r.Labels(ev, identity.Owner{})
	if _, ok := ls["broken"]; failures != 1 || ok || ls["severity"] != "critical" || ls["node"] != "node-9" {
		t.Errorf("labels %v, %d failures", ls, failures)
	}
	if _, ok := ls["empty"]; ok {
		t.Error("an empty label is kept")
	}
	as, failures := r.Annotations(&Facts{Event: ev, Labels: ls, Objects: 2, Count: 100, First: time.Unix(5, 0), Last: time.Unix(7, 0)})
	if failures != 2 || as["text"] != "2 of CART: back-off 7" {
		t.Errorf("annotations %v, %d failures", as, failures)
	}
	if as["broken"] != c.Rules[0].Annotations["broken"] || as["summary"] != "BackOff: Pod shop/cart (2 objects)" {
		t.Errorf("a failed template leaves %q and %q", as["broken"], as["summary"])
	}
}

// A message is data, whatever it looks like.
func TestMessageIsNoTemplate(t *testing.T) {
	c := mustParse(t, "rules:\n- matchers: ['reason=\"A\"']\n  annotations: {a: 'got {{ .Message }}'}")
	ev := event("Warning", "Pod", "A", "{{ .Labels }} \x00\xff")
	as, _ := compiled(t, c, nil).Match(ev).Annotations(&Facts{Event: ev, Count: 1, Objects: 1})
	if want := "{{ .Labels }} \x00\uFFFD"; as["description"] != want || as["a"] != "got "+want {
		t.Errorf("%q and %q", as["description"], as["a"])
	}
}

func TestOddEvents(t *testing.T) {
	set := compiled(t, DefaultConfig(), nil)
	huge := strings.Repeat("é", 1<<20)
	for _, ev := range []*occurrence.Event{
		{Type: "Warning"},
		{Type: "Warning", Reason: huge, Message: huge, Object: occurrence.Object{Kind: huge, Namespace: huge, Name: huge}},
		{Type: "Warning", Reason: "a\"b\\c\n", Message: "\xff\xfe", Object: occurrence.Object{Name: "\xff"}},
	} {
		e := set.Explain(ev)
		if !e.Alerts || !strings.HasPrefix(e.Labels["alertname"], "KubeEvent") {
			t.Errorf("%+v", e.Labels)
		}
		for _, m := range []map[string]string{e.Labels, e.Annotations} {
			for k, v := range m {
				if len(v) > maxAnnotation || !utf8.ValidString(v) {
					t.Errorf("%s: %d bytes, valid %v", k, len(v), utf8.ValidString(v))
				}
			}
		}
		if s := e.Annotations["summary"]; strings.ContainsAny(s, "\n\r") || s == "" {
			t.Errorf("summary %q is not one line", s)
		}
	}
}

func TestWarnings(t *testing.T) {
	c := mustParse(t, `
rules:
- {name: restart, matchers: ['reason="BackOff"'], resolve_on: [Started]}
- {name: short, matchers: ['reason="A"'], keep_firing_for: 2m}
- {name: sched, matchers: ['reason="FailedScheduling"'], keep_firing_for: 10m}
- {name: own, matchers: ['reason=~"B|C"'], resolve_on: [C]}
- {name: fine, matchers: ['type="Warning"'], keep_firing_for: 1h, resolve_on: [Started]}
- {name: gone, matchers: ['reason="D"'], drop: true}
`)
	got := compiled(t, c, nil).Warnings()
	want := []string{"restart: Started does not end", "short: keep_firing_for 2m is too short", "sched: keep_firing_for 10m is too short for the scheduler", "own: C both"}
	if len(got) != len(want) {
		t.Fatalf("got %q", got)
	}
	for i := range want {
		if !strings.HasPrefix(got[i], want[i]) {
			t.Errorf("got %q, want %q…", got[i], want[i])
		}
	}
}

func TestDescribe(t *testing.T) {
	c := mustParse(t, example)
	c.BuiltinRules = false
	want := []string{
		`quiet-budgets: reason="NoPods", kind="PodDisruptionBudget" -> dropped`,
		`rules[1]: type="Normal", reason="Killing", namespace="payments" -> critical once 3 times within 10m; ends when quiet for 20m or on Started, Scheduled; one for each object`,
		`default: type="Warning" -> warning; ends when quiet for 20m (35m for events.k8s.io)`,
	}
	if d := cmp.Diff(want, compiled(t, c, nil).Describe()); d != "" {
		t.Errorf("(-want +got)\n%s", d)
	}
}

func TestFolded(t *testing.T) {
	set := compiled(t, DefaultConfig(), map[string]string{"cluster": "x"})
	ev := event("Warning", "Pod", "HighCPUUsage", "x")
	want := map[string]string{
		"alertname": "KubeEventHighCPUUsage", "reason": "HighCPUUsage", "source": "kubernetes-event", "severity": "warning",
		"namespace": "shop", "name": "_folded", "cluster": "x",
	}
	if d := cmp.Diff(want, set.Match(ev).Folded(ev)); d != "" {
		t.Errorf("(-want +got)\n%s", d)
	}
}

func TestCandidatesAreBounded(t *testing.T) {
	set := compiled(t, DefaultConfig(), nil)
	for i := range 3 * maxCandidates {
		set.Match(&occurrence.Event{Type: "Warning", Reason: strings.Repeat("r", i%7) + time.Duration(i).String()})
	}
	if n := len(set.candidates); n > maxCandidates {
		t.Errorf("%d remembered", n)
	}
}

func BenchmarkMatch(b *testing.B) {
	set, err := Compile(DefaultConfig(), nil)
	if err != nil {
		b.Fatal(err)
	}
	ev := event("Warning", "Pod", "HighCPUUsage", "x")
	for b.Loop() {
		set.Match(ev).Labels(ev, identity.Owner{})
	}
}
