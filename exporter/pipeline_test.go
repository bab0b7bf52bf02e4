package exporter

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/testutil"

	"github.com/kubebark/kubebark/exporter/decode"
	"github.com/kubebark/kubebark/exporter/occurrence"
	"github.com/kubebark/kubebark/exporter/series"
	"github.com/kubebark/kubebark/exporter/watch"
)

// recorder is a sink that writes down what it gets.
type recorder struct{ got []string }

func (r *recorder) Observe(o *occurrence.Occurrence) {
	r.got = append(r.got, fmt.Sprintf("%s +%d %s", o.Name, o.New, o.Origin))
}
func (r *recorder) Synced() { r.got = append(r.got, "synced") }

func event(name string, version uint64, n int64) *occurrence.Event {
	return &occurrence.Event{
		Namespace: "shop", Name: name, UID: "u" + name, Version: version, Type: "Warning", Reason: "BackOff",
		Count: n, Counted: true, First: time.Now(), Last: time.Now().Add(-time.Second),
		Object: occurrence.Object{Kind: "Pod", Namespace: "shop", Name: "a"}, Component: "kubelet",
	}
}

func TestStream(t *testing.T) {
	reg := prometheus.NewPedanticRegistry()
	cfg := series.DefaultConfig()
	cfg.NewSeriesDelay = 0
	st := series.New(cfg)
	reg.MustRegister(st)
	var sink recorder
	p := NewPipeline(reg, st, &sink)
	s := p.Stream("", nil)

	s.BeginList()
	s.Event(watch.Listed, event("old", 1, 7))
	s.BeginList() // the first one broke off
	s.Event(watch.Listed, event("old", 1, 7))
	s.EndList()
	s.Event(watch.Added, event("a", 2, 1))
	s.Event(watch.Modified, event("a", 3, 4))
	s.Event(watch.Modified, event("a", 4, 4)) // a label edit
	s.BeginList()                             // after a gap
	s.Event(watch.Listed, event("a", 9, 6))
	s.Event(watch.Listed, event("old", 8, 8))
	s.EndList()
	s.Event(watch.Deleted, event("a", 10, 6))

	want := []string{
		"old +0 listed", "old +0 listed", "synced",
		"a +1 watched", "a +3 watched",
		"a +2 listed", "old +1 listed", "synced",
	}
	if d := cmp.Diff(want, sink.got); d != "" {
		t.Errorf("(-want +got)\n%s", d)
	}
	gather(t, reg)
	wantMetrics := `
# HELP kube_event_occurrences_total Occurrences of Kubernetes events, repeats included.
# TYPE kube_event_occurrences_total counter
kube_event_occurrences_total{component="kubelet",kind="Pod",namespace="shop",reason="BackOff",type="Warning"} 7
# HELP kube_event_exporter_recovered_occurrences_total Occurrences found by comparing a list with what was known, rather than seen on the watch.
# TYPE kube_event_exporter_recovered_occurrences_total counter
kube_event_exporter_recovered_occurrences_total 3
# HELP kube_event_exporter_tracked_events Event objects whose counts are remembered, for a day also those that have expired.
# TYPE kube_event_exporter_tracked_events gauge
kube_event_exporter_tracked_events 2
`
	if err := testutil.GatherAndCompare(reg, strings.NewReader(wantMetrics), "kube_event_occurrences_total",
		"kube_event_exporter_recovered_occurrences_total", "kube_event_exporter_tracked_events"); err != nil {
		t.Error(err)
	}
	if problems, err := testutil.GatherAndLint(reg); err != nil || len(problems) > 0 {
		t.Errorf("lint: %v %v", problems, err)
	}
}

// TestLagIsNeverNegative: a reporter's clock that is ahead is no lag.
func TestLagIsNeverNegative(t *testing.T) {
	reg := prometheus.NewRegistry()
	s := NewPipeline(reg, series.New(series.DefaultConfig())).Stream("", nil)
	s.BeginList()
	s.EndList()
	ahead := event("a", 2, 1)
	ahead.Last = time.Now().Add(time.Hour)
	s.Event(watch.Added, ahead)
	mfs, err := reg.Gather()
	if err != nil {
		t.Fatal(err)
	}
	for _, mf := range mfs {
		if mf.GetName() != "kube_event_exporter_event_lag_seconds" {
			continue
		}
		if h := mf.GetMetric()[0].GetHistogram(); h.GetSampleCount() != 1 || h.GetSampleSum() != 0 {
			t.Errorf("%d lags of %v s in sum, want one of 0", h.GetSampleCount(), h.GetSampleSum())
		}
		return
	}
	t.Error("no lag")
}

// gather scrapes once: a new series shows 0 first.
func gather(t *testing.T, reg prometheus.Gatherer) {
	t.Helper()
	if _, err := reg.Gather(); err != nil {
		t.Fatal(err)
	}
}

func TestReplayCountsAll(t *testing.T) {
	var sink recorder
	p := NewPipeline(prometheus.NewRegistry(), series.New(series.DefaultConfig()), &sink)
	p.Replay(decode.Record{Event: event("a", 1, 7)})
	p.Replay(decode.Record{Event: event("a", 2, 9)})
	p.Replay(decode.Record{Event: event("a", 3, 9), Deleted: true})
	p.Replay(decode.Record{Event: event("b", 4, 9), Deleted: true})
	if d := cmp.Diff([]string{"a +7 replayed", "a +2 replayed"}, sink.got); d != "" {
		t.Errorf("(-want +got)\n%s", d)
	}
}

// TestReplayOfALog: a line of the event log counts what it says, for the log may
// begin in the middle of an event's life; twice the same counts once.
func TestReplayOfALog(t *testing.T) {
	s := series.New(series.DefaultConfig())
	p := NewPipeline(prometheus.NewRegistry(), s)
	for _, r := range []decode.Record{
		{Event: &occurrence.Event{Namespace: "a", Name: "b", UID: "u", Version: 7, Count: 40, Counted: true}, New: 2},
		{Event: &occurrence.Event{Namespace: "a", Name: "b", UID: "u", Version: 7, Count: 40, Counted: true}, New: 2},
		{Event: &occurrence.Event{Namespace: "a", Name: "b", UID: "u", Version: 9, Count: 43, Counted: true}, New: 3},
	} {
		p.Replay(r)
	}
	sum := int64(0)
	for _, st := range s.All() {
		sum += st.Value
	}
	if sum != 5 {
		t.Errorf("%d occurrences, want 5", sum)
	}
}
