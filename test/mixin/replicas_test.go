package mixin

import (
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/kubebark/kubebark/test/mixin/board"
	"github.com/kubebark/kubebark/test/testbed"
)

// TestReplicas: what two exporters have both counted is counted once where the
// configuration says that there are two, in rules and dashboards; where it does
// not, an exporter and the one that took its place are added up.
func TestReplicas(t *testing.T) {
	promtool, err := testbed.Binary("", "promtool")
	if err != nil {
		t.Fatal(err)
	}
	for replicated, want := range map[bool]float64{true: 1, false: 2} {
		t.Run(fmt.Sprint("replicated ", replicated), func(t *testing.T) {
			dir := t.TempDir()
			write := func(name, text string) string {
				path := filepath.Join(dir, name)
				if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
					t.Fatal(err)
				}
				return path
			}
			files, err := Render(folder, write("my.libsonnet", fmt.Sprintf("{_config+:: {replicated: %t}}", replicated)))
			if err != nil {
				t.Fatal(err)
			}
			write("rules.yml", string(files["rules.yml"]))
			expr, err := json.Marshal(occurrencesQuery(t, files["dashboards/events.json"]))
			if err != nil {
				t.Fatal(err)
			}
			tests := write("tests.yml", fmt.Sprintf(`
rule_files: [rules.yml]
evaluation_interval: 1m
tests:
  - interval: 1m
    input_series:
      - {series: 'kube_event_occurrences_total{instance="a", pod="a", cluster="c", type="Warning", reason="BackOff", namespace="shop"}', values: '0+60x30'}
      - {series: 'kube_event_occurrences_total{instance="b", pod="b", cluster="c", type="Warning", reason="BackOff", namespace="shop"}', values: '0+60x30'}
    promql_expr_test:
      - expr: cluster_type:kube_event_occurrences:rate5m
        eval_time: 20m
        exp_samples: [{labels: 'cluster_type:kube_event_occurrences:rate5m{cluster="c", type="Warning"}', value: %g}]
      - expr: %s
        eval_time: 20m
        exp_samples: [{labels: '{type="Warning"}', value: %g}]
`, want, expr, 600*want))
			if out, err := exec.CommandContext(t.Context(), promtool, "test", "rules", tests).CombinedOutput(); err != nil {
				t.Errorf("promtool: %v\n%s", err, strings.TrimSpace(string(out)))
			}
		})
	}
}

// occurrencesQuery is the query of the panel Occurrences, for ten minutes.
func occurrencesQuery(t *testing.T, file []byte) string {
	t.Helper()
	b, err := board.Parse(file)
	if err != nil {
		t.Fatal(err)
	}
	for _, p := range b.Panels {
		if p.Title == "Occurrences" {
			return b.Everything(10*time.Minute, time.Minute).Fill(p.Targets[0].Expr)
		}
	}
	t.Fatal("no panel Occurrences")
	return ""
}
