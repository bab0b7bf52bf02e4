package main

import (
	"fmt"
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/go-kit/log"
	"github.com/google/go-cmp/cmp"
	"github.com/prometheus/client_golang/prometheus"

	"github.com/kubebark/kubebark/alertbridge"
	"github.com/kubebark/kubebark/alertbridge/notify"
	"github.com/kubebark/kubebark/alertbridge/rule"
	"github.com/kubebark/kubebark/exporter"
	"github.com/kubebark/kubebark/exporter/decode"
	"github.com/kubebark/kubebark/exporter/series"
)

const samples = "../../exporter/decode/testdata/samples.jsonl"

// TestSamples sends every shape of event through counters and alerts, and holds
// the counters: no count, no times, no type, no reason, a count below zero or
// near its end, times in the future, control characters, huge messages.
func TestSamples(t *testing.T) {
	reg := prometheus.NewPedanticRegistry()
	cfg := series.DefaultConfig()
	cfg.NewSeriesDelay = 0
	store := series.New(cfg)
	reg.MustRegister(store)
	bridge, err := alertbridge.New(alertbridge.Options{
		Settings: alertbridge.Settings{Alerting: notify.DefaultConfig(), Alerts: rule.DefaultConfig()},
		Logger:   log.NewNopLogger(), Registerer: reg,
	})
	if err != nil {
		t.Fatal(err)
	}
	p := exporter.NewPipeline(reg, store, bridge)
	f, err := os.Open(samples)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	err = decode.Read(f, func(r decode.Record, f *decode.Fault) bool {
		if f != nil {
			t.Error(f)
			return true
		}
		p.Replay(r)
		return true
	})
	if err != nil {
		t.Fatal(err)
	}
	const golden = "testdata/samples.want.txt"
	got := counters(t, reg)
	if *update {
		if err := os.WriteFile(golden, []byte(got), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(golden)
	if err != nil {
		t.Fatal(err)
	}
	if d := cmp.Diff(string(want), got); d != "" {
		t.Errorf("(-want +got)\n%s", d)
	}
}

// counters returns the counters of occurrences as lines.
func counters(t *testing.T, reg prometheus.Gatherer) string {
	t.Helper()
	if _, err := reg.Gather(); err != nil { // a series shows 0 first
		t.Fatal(err)
	}
	mfs, err := reg.Gather()
	if err != nil {
		t.Fatal(err)
	}
	var lines []string
	for _, mf := range mfs {
		if mf.GetName() != "kube_event_occurrences_total" {
			continue
		}
		for _, m := range mf.GetMetric() {
			var ls []string
			for _, l := range m.GetLabel() {
				ls = append(ls, fmt.Sprintf("%s=%q", l.GetName(), l.GetValue()))
			}
			lines = append(lines, fmt.Sprintf("%10.0f {%s}\n", m.GetCounter().GetValue(), strings.Join(ls, ",")))
		}
	}
	slices.SortFunc(lines, func(a, b string) int { return strings.Compare(a[10:], b[10:]) })
	return strings.Join(lines, "")
}
