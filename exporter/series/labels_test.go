package series

import (
	"fmt"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/testutil"

	"github.com/kubebark/kubebark/exporter/occurrence"
	"github.com/kubebark/kubebark/internal/conf"
)

// backOff is an event about a pod of the workload cart.
func backOff(pod, host string) *occurrence.Event {
	return &occurrence.Event{
		Type: "Warning", Reason: "BackOff", Component: "kubelet", Host: host,
		Object: occurrence.Object{Kind: "Pod", Namespace: "shop", Name: pod},
	}
}

// watcher adds up increases as Prometheus does: the first sample of a series is
// none, one below the last is a reset. A label that is empty is not there.
type watcher struct {
	t    *testing.T
	last map[string]float64
	sum  float64
}

func (w *watcher) scrape(s *Store) map[string]float64 {
	w.t.Helper()
	reg := prometheus.NewRegistry()
	reg.MustRegister(s)
	mfs, err := reg.Gather()
	if err != nil {
		w.t.Fatal(err)
	}
	if w.last == nil {
		w.last = make(map[string]float64)
	}
	got := make(map[string]float64)
	for _, mf := range mfs {
		if mf.GetName() != "kube_event_occurrences_total" {
			continue
		}
		for _, m := range mf.GetMetric() {
			k := ""
			for _, l := range m.GetLabel() {
				if v := l.GetValue(); v != "" && l.GetName() != "type" && l.GetName() != "kind" && l.GetName() != "component" {
					k += l.GetName() + "=" + v + " "
				}
			}
			v := m.GetCounter().GetValue()
			if last, ok := w.last[k]; ok && v >= last {
				w.sum += v - last
			} else if ok {
				w.sum += v
			}
			w.last[k], got[strings.TrimSpace(k)] = v, v
		}
	}
	return got
}

func TestLabels(t *testing.T) {
	for _, tt := range []struct {
		labels []Label
		want   string
	}{
		{[]Label{LabelWorkload}, `
kube_event_occurrences_total{component="",kind="",namespace="",reason="_other",type="Warning",workload=""} 4
kube_event_occurrences_total{component="kubelet",kind="Pod",namespace="shop",reason="BackOff",type="Warning",workload="cart"} 3
`},
		{[]Label{LabelHost}, `
kube_event_occurrences_total{component="",host="",kind="",namespace="",reason="_other",type="Warning"} 5
kube_event_occurrences_total{component="kubelet",host="n1",kind="Pod",namespace="shop",reason="BackOff",type="Warning"} 2
`},
		{[]Label{LabelWorkload, LabelHost}, `
kube_event_occurrences_total{component="",host="",kind="",namespace="",reason="_other",type="Warning",workload=""} 5
kube_event_occurrences_total{component="kubelet",host="n1",kind="Pod",namespace="shop",reason="BackOff",type="Warning",workload="cart"} 2
`},
	} {
		t.Run(fmt.Sprint(tt.labels), func(t *testing.T) {
			c := config()
			c.Limit, c.NewSeriesDelay, c.Labels = 1, 0, tt.labels
			s := New(c)
			for _, e := range []*occurrence.Event{ // in the order of coming: one series is all there is room for
				backOff("cart-7dc45b778d-x2x4q", "n1"), backOff("cart-7dc45b778d-c47jt", "n1"), backOff("cart-7dc45b778d-bbbbb", "n2"),
				backOff("db-0", "n2"), backOff("db-1", "n3"), backOff("db-2", ""), backOff("db-2", ""),
			} {
				s.Count(e, 1, time.Unix(1700000000, 0))
			}
			scrape(t, s)
			head := "# HELP kube_event_occurrences_total Occurrences of Kubernetes events, repeats included.\n# TYPE kube_event_occurrences_total counter"
			if err := testutil.CollectAndCompare(s, strings.NewReader(head+tt.want), "kube_event_occurrences_total"); err != nil {
				t.Error(err)
			}
			if n, err := testutil.GatherAndCount(registry(s), "kube_event_last_occurrence_timestamp_seconds"); err != nil || n != 2 {
				t.Errorf("%d series of the latest times, %v", n, err)
			}
		})
	}
}

func registry(c prometheus.Collector) *prometheus.Registry {
	reg := prometheus.NewPedanticRegistry()
	reg.MustRegister(c)
	return reg
}

// TestLabelsChange changes the choice of labels of a running store, and again
// over a restart: series of the old choice keep their values, series of the new
// one begin at 0, and the sum of increases is what happened.
func TestLabelsChange(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := config()
		c.NewSeriesDelay = conf.Duration(time.Minute)
		s, w := New(c), &watcher{t: t}
		happens := func(n int64) {
			t.Helper()
			s.Count(backOff("cart-7dc45b778d-x2x4q", "n1"), n, time.Now())
			for range 3 {
				time.Sleep(time.Minute)
				w.scrape(s)
			}
		}
		shows := func(want map[string]float64, sum float64) {
			t.Helper()
			if d := cmp.Diff(want, w.scrape(s)); d != "" {
				t.Errorf("(-want +got)\n%s", d)
			}
			if w.sum != sum {
				t.Errorf("increases of %v in sum, want %v", w.sum, sum)
			}
		}
		set := func(labels ...Label) {
			c.Labels = labels
			s.SetConfig(c)
		}
		type m = map[string]float64
		happens(5)
		shows(m{"namespace=shop reason=BackOff": 5}, 5)
		set(LabelWorkload)
		happens(7)
		shows(m{"namespace=shop reason=BackOff": 5, "namespace=shop reason=BackOff workload=cart": 7}, 12)

		c.Labels = []Label{LabelHost}
		states := s.All()
		s = New(c)
		s.Restore(states, true)
		shows(m{"namespace=shop reason=BackOff": 5, "namespace=shop reason=BackOff workload=cart": 7}, 12)
		happens(1)
		shows(m{
			"namespace=shop reason=BackOff": 5, "namespace=shop reason=BackOff workload=cart": 7,
			"host=n1 namespace=shop reason=BackOff": 1,
		}, 13)
		set()
		happens(2)
		shows(m{
			"namespace=shop reason=BackOff": 7, "namespace=shop reason=BackOff workload=cart": 7,
			"host=n1 namespace=shop reason=BackOff": 1,
		}, 15)
		time.Sleep(23 * time.Hour)
		happens(4)
		time.Sleep(time.Hour)
		shows(m{"namespace=shop reason=BackOff": 11}, 19)
	})
}

// TestOldLabelsMakeRoom: where the budget is full, series of an earlier choice
// of labels give way once all that they counted has been seen.
func TestOldLabelsMakeRoom(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := config() // room for 3 in a namespace
		c.NewSeriesDelay, c.TTL = conf.Duration(time.Minute), 0
		s, w := New(c), &watcher{t: t}
		happens := func(sum float64) map[string]float64 {
			t.Helper()
			for _, reason := range []string{"A", "B", "C"} {
				e := backOff("cart-7dc45b778d-x2x4q", "n1")
				e.Reason = reason
				s.Count(e, 1, time.Now())
			}
			for range 2 {
				w.scrape(s)
				time.Sleep(time.Minute)
			}
			got := w.scrape(s)
			if w.sum != sum {
				t.Errorf("increases of %v in sum, want %v: %v", w.sum, sum, got)
			}
			return got
		}
		happens(3)
		c.Labels = []Label{LabelWorkload}
		s.SetConfig(c)
		s.Count(backOff("cart-7dc45b778d-x2x4q", "n1"), 1, time.Now())
		happens(7)
		if got := happens(10); got["namespace=shop reason=A workload=cart"] == 0 || len(got) != 4 {
			t.Errorf("want series of the new labels, and _other: %v", got)
		}
	})
}

// TestFullStoreIsNotSearched: a flood of label sets that find no room must not
// look through all series for each of them.
func TestFullStoreIsNotSearched(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := config()
		c.NewSeriesDelay, c.TTL = 0, conf.Duration(time.Hour)
		s := New(c)
		for n := range 3 {
			s.add(key("shop", n), 1, time.Now())
		}
		s.add(key("shop", 3), 1, time.Now())
		swept := s.swept
		time.Sleep(sweepInterval - 1)
		s.add(key("shop", 3), 1, time.Now())
		if s.swept != swept {
			t.Error("looked for room again at once")
		}
		scrape(t, s)
		scrape(t, s)
		time.Sleep(time.Hour)
		s.add(key("shop", 3), 1, time.Now())
		if got, _ := scrape(t, s); len(got) != 2 {
			t.Errorf("what has expired has not made room: %v", got)
		}
	})
}

func TestLabelThatIsNoText(t *testing.T) {
	c := config()
	c.Labels = []Label{LabelHost}
	s := New(c)
	e := backOff("cart", "n\xff1")
	e.Reason = "Back\xc3Off"
	s.Count(e, 1, time.Now())
	if got, _ := scrape(t, s); len(got) != 1 {
		t.Errorf("%v", got)
	}
}

func TestConfigValidate(t *testing.T) {
	for _, tt := range []struct {
		change func(*Config)
		want   string
	}{
		{func(*Config) {}, ""},
		{func(c *Config) { c.Labels = []Label{"host", "workload"} }, ""},
		{func(c *Config) { c.Limit = 0 }, "series_limit: want at least 1"},
		{func(c *Config) { c.LimitPerNamespace = 0 }, "series_limit_per_namespace: want at least 1"},
		{func(c *Config) { c.TTL = -1 }, "series_ttl: want 0 or more"},
		{func(c *Config) { c.Labels = []Label{"host", "pod"} }, `labels.1: unknown label "pod": want workload or host`},
		{func(c *Config) { c.Labels = []Label{"host", "workload", "host"} }, `labels.2: label "host" is named twice`},
	} {
		c := DefaultConfig()
		tt.change(&c)
		if err := c.Validate(); err == nil && tt.want != "" || err != nil && err.Error() != tt.want {
			t.Errorf("%v, want %s", err, tt.want)
		}
	}
}
