package mixin

import (
	"cmp"
	"context"
	"fmt"
	"math"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	v1 "github.com/prometheus/client_golang/api/prometheus/v1"
	"github.com/prometheus/common/model"

	"github.com/kubebark/kubebark/test/mixin/board"
	"github.com/kubebark/kubebark/test/mixin/stage"
)

// rateInterval takes the place of Grafana's, for scrapes of a second.
const rateInterval = 10 * time.Second

// asker asks Prometheus as Grafana does.
type asker struct {
	*stage.Stage
	at      time.Time     // the end of the range, at a scrape of the demo
	span    time.Duration // of the range; longer than the replay
	values  board.Values
	cluster string
}

// with returns an asker for a dashboard, with all that its variables offer. Of
// the events it looks at the replay alone, of which all is known.
func (a *asker) with(b *board.Board) *asker {
	own := *a
	own.values = b.Everything(a.span, rateInterval)
	if b.UID == "kubebark-events" {
		own.cluster = stage.Demo
		own.values.Chosen["cluster"] = own.cluster
	}
	return &own
}

// instant asks at the end of the range. Series without a number are left out, as
// a panel shows nothing of them.
func (a *asker) instant(ctx context.Context, t *testing.T, expr string) model.Vector {
	t.Helper()
	got, warnings, _, err := a.API.Query(ctx, expr, a.at)
	if err != nil || len(warnings) > 0 || strings.Contains(expr, "$") {
		t.Fatalf("%s: %v, warnings %v", expr, err, warnings)
	}
	v, ok := got.(model.Vector)
	if !ok {
		t.Fatalf("%s yields a %s", expr, got.Type())
	}
	return slices.DeleteFunc(v, func(s *model.Sample) bool { return math.IsNaN(float64(s.Value)) })
}

// series asks for the whole range.
func (a *asker) series(ctx context.Context, t *testing.T, expr string) model.Matrix {
	t.Helper()
	got, warnings, _, err := a.API.QueryRange(ctx, expr, v1.Range{Start: a.at.Add(-a.span), End: a.at, Step: time.Second})
	if err != nil || len(warnings) > 0 || strings.Contains(expr, "$") {
		t.Fatalf("%s: %v, warnings %v", expr, err, warnings)
	}
	m, ok := got.(model.Matrix)
	if !ok {
		t.Fatalf("%s yields a %s", expr, got.Type())
	}
	for _, s := range m {
		s.Values = slices.DeleteFunc(s.Values, func(p model.SamplePair) bool { return math.IsNaN(float64(p.Value)) })
	}
	return slices.DeleteFunc(m, func(s *model.SampleStream) bool { return len(s.Values) == 0 })
}

// labelValues is the one form of query that the dashboards' variables have.
var labelValues = regexp.MustCompile(`^label_values\((.*), (\w+)\)$`)

// offers are the values that a variable offers.
func (a *asker) offers(ctx context.Context, t *testing.T, v board.Variable) []string {
	t.Helper()
	query, _ := v.Query.(map[string]any)
	m := labelValues.FindStringSubmatch(fmt.Sprint(query["query"]))
	if m == nil {
		t.Fatalf("variable %s has query %v", v.Name, v.Query)
	}
	got, _, _, err := a.API.LabelValues(ctx, m[2], []string{a.values.Fill(m[1])}, a.at.Add(-a.span), a.at)
	if err != nil || len(got) == 0 {
		t.Errorf("variable %s offers %v, %v", v.Name, got, err)
	}
	out := make([]string, len(got))
	for i, value := range got {
		out[i] = a.Name(string(value))
	}
	slices.Sort(out)
	return out
}

// known tells whether a query's numbers follow from the recording: counts of
// occurrences are, as all series begin with 0, and so increase is exact at the
// moment of a scrape.
func (a *asker) known(expr string) bool {
	return a.cluster == stage.Demo && strings.Contains(expr, "increase(kube_event_occurrences_total")
}

// top is how a panel's query keeps to the loudest.
var top = regexp.MustCompile(`and on \((\w+)\) topk\((\d+),`)

// bordering tells whether a series is one of several that are equally loud, of
// which a panel has room for some: which of them it shows is not said.
func (a *asker) bordering(expr string, m model.Metric) bool {
	found := top.FindStringSubmatch(expr)
	if found == nil {
		return false
	}
	n, err := strconv.Atoi(found[2])
	if err != nil {
		return false
	}
	loud := make(map[string]int)
	for s, count := range a.Occurrences() {
		loud[map[string]string{
			"reason": s.Reason, "namespace": s.Namespace, "kind": s.Kind, "component": s.Component,
		}[found[1]]] += count
	}
	all := make([]int, 0, len(loud))
	for _, count := range loud {
		all = append(all, count)
	}
	slices.SortFunc(all, func(x, y int) int { return cmp.Compare(y, x) })
	value := string(m[model.LabelName(found[1])])
	if value == "none" {
		value = ""
	}
	return len(all) > n && all[n] == all[n-1] && loud[value] == all[n-1]
}
