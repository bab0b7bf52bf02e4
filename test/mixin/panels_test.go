package mixin

import (
	"context"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/prometheus/common/model"

	"github.com/kubebark/kubebark/test/mixin/board"
	"github.com/kubebark/kubebark/test/mixin/stage"
)

const (
	bin       = "../../bin" // where make build puts the programs
	recording = "../incident/incident.jsonl"
)

// TestPanels: each query of each panel finds something in a real Prometheus that
// has scraped the real programs while an incident was replayed, and what it
// finds is what testdata says: which series, and how much where that is known.
func TestPanels(t *testing.T) {
	ctx, cancel := context.WithTimeout(t.Context(), 4*time.Minute)
	defer cancel()
	rules, err := filepath.Abs(filepath.Join(folder, "rules.yml"))
	if err != nil {
		t.Fatal(err)
	}
	recording, err := filepath.Abs(recording)
	if err != nil {
		t.Fatal(err)
	}
	s, err := stage.Start(ctx, stage.Options{Dir: t.TempDir(), Bin: bin, Recording: recording, Rules: rules, Speed: 20})
	if err != nil {
		t.Fatal(err)
	}
	defer func() {
		if err := s.Stop(); err != nil {
			t.Error(err)
		}
	}()
	at, since, err := s.Settle(ctx)
	if err != nil {
		t.Fatal(err)
	}
	a := &asker{Stage: s, at: at, span: since.Truncate(time.Second) + 5*time.Second}

	t.Run("occurrences", func(t *testing.T) { occurrences(ctx, t, a) })
	for name, file := range rendered(t) {
		if strings.HasSuffix(name, ".json") {
			t.Run(strings.TrimSuffix(filepath.Base(name), ".json"), func(t *testing.T) { panels(ctx, t, a, file) })
		}
	}
}

// occurrences: what is counted is what is in the recording, series by series.
func occurrences(ctx context.Context, t *testing.T, a *asker) {
	got := make(map[stage.Series]int)
	expr := `sum by (type, reason, namespace, kind, component) (kube_event_occurrences_total{cluster="demo"})`
	for _, s := range a.instant(ctx, t, expr) {
		label := func(name model.LabelName) string { return string(s.Metric[name]) }
		got[stage.Series{
			Type: label("type"), Reason: label("reason"), Namespace: label("namespace"), Kind: label("kind"), Component: label("component"),
		}] = int(s.Value)
	}
	if d := cmp.Diff(a.Occurrences(), got); d != "" {
		t.Errorf("(-recorded +counted)\n%s", d)
	}
}

// panels asks what Grafana would ask to draw a dashboard.
func panels(ctx context.Context, t *testing.T, a *asker, file []byte) {
	b, err := board.Parse(file)
	if err != nil {
		t.Fatal(err)
	}
	a = a.with(b)
	var text strings.Builder
	for _, v := range b.Templating.List {
		if v.Type == "query" {
			fmt.Fprintf(&text, "variable %s: %s\n", v.Name, strings.Join(a.offers(ctx, t, v), ", "))
		}
	}
	for _, n := range b.Annotations.List {
		fmt.Fprintf(&text, "\n%s\n%s", n.Name, a.lines(ctx, t, board.Target{Expr: n.Expr}))
	}
	for _, p := range b.Panels {
		if len(p.Targets) == 0 {
			continue
		}
		fmt.Fprintf(&text, "\n%s\n", p.Title)
		for _, q := range p.Targets {
			lines := a.lines(ctx, t, q)
			if lines == "" {
				t.Errorf("%s, query %s finds nothing: %s", p.Title, q.RefID, a.values.Fill(q.Expr))
			}
			if p.Share(q.RefID) {
				a.isShare(ctx, t, p.Title, q)
			}
			if len(p.Targets) > 1 {
				fmt.Fprintf(&text, " %s\n", q.RefID)
			}
			text.WriteString(lines)
		}
	}
	compare(t, filepath.Join("testdata", b.UID+".txt"), text.String())
	follow(ctx, t, a, file)
}

// compare compares with a golden file. What has no value there may have any.
func compare(t *testing.T, golden, got string) {
	t.Helper()
	want, err := os.ReadFile(golden)
	if err != nil && !*update {
		t.Fatal(err)
	}
	got = relaxed(got, string(want))
	if *update {
		if err := os.WriteFile(golden, []byte(got), 0o600); err != nil {
			t.Fatal(err)
		}
		return
	}
	if d := cmp.Diff(string(want), got); d != "" {
		t.Errorf("%s differs; make mixin-golden writes it anew (-want +got)\n%s", golden, d)
	}
}

const above = " > 0"

// relaxed leaves out that something is above 0 where the golden file does not
// say so.
func relaxed(got, want string) string {
	free := make(map[[2]string]bool)
	each := func(text string, do func(section, line string)) {
		panel, query := "", ""
		for line := range strings.Lines(text) {
			line = strings.TrimSuffix(line, "\n")
			switch {
			case !strings.HasPrefix(line, " "):
				panel, query = line, ""
			case !strings.HasPrefix(line, "  "):
				query = line
			}
			do(panel+query, line)
		}
	}
	each(want, func(section, line string) { free[[2]string{section, line}] = true })
	var out strings.Builder
	each(got, func(section, line string) {
		if bare := strings.TrimSuffix(line, above); free[[2]string{section, bare}] {
			line = bare
		}
		out.WriteString(line + "\n")
	})
	return out.String()
}

// lines are the answer to a query, a series a line: its labels, and its value
// where the replay makes it known. Of all others it is told if they are above 0,
// or were at some time.
func (a *asker) lines(ctx context.Context, t *testing.T, q board.Target) string {
	t.Helper()
	var out []string
	if q.Instant {
		for _, s := range a.instant(ctx, t, a.values.Fill(q.Expr)) {
			value := sign(s.Value)
			if a.known(q.Expr) {
				value = fmt.Sprintf(" %.4g", float64(s.Value))
			}
			out = append(out, a.label(s.Metric)+value)
		}
	} else {
		for _, s := range a.series(ctx, t, a.values.Fill(q.Expr)) {
			if a.bordering(q.Expr, s.Metric) {
				out = append(out, "  one of those that are as loud")
				continue
			}
			out = append(out, a.label(s.Metric)+sign(highest(s.Values)))
		}
	}
	slices.Sort(out)
	if len(out) == 0 {
		return ""
	}
	return strings.Join(out, "\n") + "\n"
}

// isShare: what is shown as a share is one.
func (a *asker) isShare(ctx context.Context, t *testing.T, title string, q board.Target) {
	t.Helper()
	expr := a.values.Fill(q.Expr)
	for _, s := range a.instant(ctx, t, expr) {
		if s.Value < 0 || s.Value > 1 {
			t.Errorf("%s shows a share of %v: %s", title, s, expr)
		}
	}
}

func highest(samples []model.SamplePair) model.SampleValue {
	top := model.SampleValue(-1)
	for _, s := range samples {
		top = max(top, s.Value)
	}
	return top
}

func sign(v model.SampleValue) string {
	if v > 0 {
		return above
	}
	return ""
}

// label names a series without what differs from run to run.
func (a *asker) label(m model.Metric) string {
	m = maps.Clone(m)
	for _, name := range []model.LabelName{"version", "revision", "branch", "goversion", "goos", "goarch", "tags"} {
		if _, ok := m[name]; ok {
			m[name] = "…"
		}
	}
	return "  " + a.Name(m.String())
}
