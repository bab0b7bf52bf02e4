package mixin

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"gopkg.in/yaml.v3"
)

const runbooks = "../../docs/runbooks"

// shipped are the alerts that the mixin renders, by name.
func shipped(t *testing.T) map[string]rule {
	t.Helper()
	var g groups
	if err := yaml.Unmarshal(rendered(t)["alerts.yml"], &g); err != nil {
		t.Fatal(err)
	}
	all := make(map[string]rule)
	for _, group := range g.Groups {
		for _, r := range group.Rules {
			all[r.Alert] = r
		}
	}
	return all
}

// TestAlertsAreComplete: each says how bad it is, for how long it must last,
// what is wrong, and where to read on.
func TestAlertsAreComplete(t *testing.T) {
	for name, r := range shipped(t) {
		if r.For == "" || r.Annotations.Summary == "" || r.Annotations.Description == "" {
			t.Errorf("%s lacks for, summary or description: %+v", name, r)
		}
		if !slices.Contains([]string{"critical", "warning", "info"}, r.Labels["severity"]) {
			t.Errorf("%s has severity %q", name, r.Labels["severity"])
		}
		if want := "https://github.com/kubebark/kubebark/blob/main/docs/runbooks/" + name + ".md"; r.Annotations.Runbook != want {
			t.Errorf("%s has runbook %q, want %q", name, r.Annotations.Runbook, want)
		}
	}
}

// TestRunbooks: each alert has a page, and each page is of an alert.
func TestRunbooks(t *testing.T) {
	pages, err := filepath.Glob(filepath.Join(runbooks, "*.md"))
	if err != nil {
		t.Fatal(err)
	}
	alerts := shipped(t)
	for _, path := range pages {
		name := strings.TrimSuffix(filepath.Base(path), ".md")
		if _, ok := alerts[name]; !ok {
			t.Errorf("%s is of no alert", path)
		}
		delete(alerts, name)
		text, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		for _, heading := range []string{"# " + name + "\n", "\n## What it does\n", "\n## What to do\n"} {
			if !strings.Contains(string(text), heading) {
				t.Errorf("%s lacks the heading %q", path, strings.TrimSpace(heading))
			}
		}
	}
	for name := range alerts {
		t.Errorf("%s has no runbook", name)
	}
}

// TestAlertsAreTested: promtool's tests let each alert fire and not fire.
func TestAlertsAreTested(t *testing.T) {
	file, err := os.ReadFile(filepath.Join(folder, "tests", "alerts.yml"))
	if err != nil {
		t.Fatal(err)
	}
	var tests struct {
		Tests []struct {
			Rules []struct {
				Alert    string      `yaml:"alertname"`
				Expected []yaml.Node `yaml:"exp_alerts"`
			} `yaml:"alert_rule_test"`
		}
	}
	if err := yaml.Unmarshal(file, &tests); err != nil {
		t.Fatal(err)
	}
	type tested struct{ Fires, Quiet bool }
	got, want := make(map[string]tested), make(map[string]tested)
	for _, tt := range tests.Tests {
		for _, r := range tt.Rules {
			is := got[r.Alert]
			got[r.Alert] = tested{is.Fires || len(r.Expected) > 0, is.Quiet || len(r.Expected) == 0}
		}
	}
	for name := range shipped(t) {
		want[name] = tested{true, true}
	}
	if d := cmp.Diff(want, got); d != "" {
		t.Errorf("(-want +got)\n%s", d)
	}
}
