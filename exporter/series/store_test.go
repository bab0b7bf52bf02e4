package series

import (
	"fmt"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/testutil"
	dto "github.com/prometheus/client_model/go"

	"github.com/kubebark/kubebark/exporter/occurrence"
	"github.com/kubebark/kubebark/internal/conf"
)

func config() Config {
	c := DefaultConfig()
	c.Limit, c.LimitPerNamespace = 6, 3
	return c
}

func key(ns string, n int) Key {
	return Key{Type: "Warning", Reason: fmt.Sprint("R", n), Kind: "Pod", Namespace: ns, Component: "kubelet"}
}

// scrape returns the counters as reason@namespace=value, and the sum of all.
func scrape(t *testing.T, s *Store) (map[string]float64, float64) {
	t.Helper()
	reg := prometheus.NewPedanticRegistry()
	reg.MustRegister(s)
	mfs, err := reg.Gather()
	if err != nil {
		t.Fatal(err)
	}
	got, sum := make(map[string]float64), 0.0
	for _, mf := range mfs {
		if mf.GetName() != "kube_event_occurrences_total" {
			continue
		}
		for _, m := range mf.GetMetric() {
			got[label(m, "reason")+"@"+label(m, "namespace")] = m.GetCounter().GetValue()
			sum += m.GetCounter().GetValue()
		}
	}
	return got, sum
}

func label(m *dto.Metric, name string) string {
	for _, l := range m.GetLabel() {
		if l.GetName() == name {
			return l.GetValue()
		}
	}
	return ""
}

func TestNewSeriesShowsZeroFirst(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := New(config())
		s.add(key("shop", 1), 3, time.Now())
		time.Sleep(time.Hour)
		for _, tt := range []struct {
			after time.Duration
			want  float64
		}{
			{0, 0},
			{30 * time.Second, 0},
			{89 * time.Second, 0},
			{time.Second, 3},
		} {
			time.Sleep(tt.after)
			if got, _ := scrape(t, s); got["R1@shop"] != tt.want {
				t.Errorf("%s later: %v, want %v", tt.after, got["R1@shop"], tt.want)
			}
		}
		s.add(key("shop", 1), 2, time.Now())
		if got, _ := scrape(t, s); got["R1@shop"] != 5 {
			t.Errorf("a series that has been seen shows increments at once: %v, want 5", got["R1@shop"])
		}
	})
}

func TestBudgetKeepsSumsExact(t *testing.T) {
	c := config()
	c.NewSeriesDelay = 0
	s := New(c)
	for n := range 5 {
		s.add(key("noisy", n), 10, time.Now())
		s.add(key("quiet", n), 1, time.Now())
	}
	k := key("noisy", 9)
	k.Type = "Normal"
	s.add(k, 100, time.Now())
	scrape(t, s)
	got, sum := scrape(t, s)
	if sum != 155 {
		t.Errorf("sum %v, want 155: %v", sum, got)
	}
	if len(got) != 7 { // 3 each, and _other (two of it: Normal and Warning, under one name here)
		t.Errorf("%d series: %v", len(got), got)
	}
	if v := testutil.ToFloat64(s.dropped); v != 5 {
		t.Errorf("dropped %v, want 5", v)
	}
}

// TestForgedOther writes the reason that stands for what the budget has no room
// for: it must not become a second series of the same labels, which would spoil
// each scrape.
func TestForgedOther(t *testing.T) {
	forged := new(Config).KeyOf(&occurrence.Event{
		Type: "Warning", Reason: otherReason, Component: "x", Object: occurrence.Object{Kind: "Pod", Namespace: "shop"},
	})
	c := config()
	c.Limit, c.NewSeriesDelay = 1, 0
	s := New(c)
	s.add(forged, 1, time.Now())
	s.add(key("shop", 1), 1, time.Now())
	s.add(key("shop", 2), 1, time.Now()) // no room
	restored := New(c)
	restored.Restore(s.All(), true)
	restored.add(forged, 1, time.Now())
	for _, tt := range []struct {
		name string
		s    *Store
		want float64
	}{{"as made", s, 3}, {"restored, and one more", restored, 4}} {
		scrape(t, tt.s)
		if got, sum := scrape(t, tt.s); len(got) != 2 || sum != tt.want {
			t.Errorf("%s: %v, sum %v, want 2 series and %v", tt.name, got, sum, tt.want)
		}
	}
}

func TestTTL(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := config()
		c.NewSeriesDelay = conf.Duration(time.Minute)
		s := New(c)
		s.add(key("shop", 1), 3, time.Now())
		time.Sleep(25 * time.Hour)
		if got, _ := scrape(t, s); len(got) != 1 {
			t.Errorf("a series that nobody has seen must not go: %v", got)
		}
		time.Sleep(time.Minute)
		if got, _ := scrape(t, s); got["R1@shop"] != 3 {
			t.Errorf("%v", got)
		}
		if got, _ := scrape(t, s); len(got) != 0 || len(s.namespaces) != 0 {
			t.Errorf("shown, and a day old, yet still there: %v %v", got, s.namespaces)
		}
		s.add(key("shop", 1), 2, time.Now())
		if got, _ := scrape(t, s); got["R1@shop"] != 0 {
			t.Errorf("a series that comes back begins at 0: %v", got)
		}
	})
}

func TestKeyOf(t *testing.T) {
	for _, tt := range []struct{ typ, want string }{
		{"Normal", "Normal"}, {"Warning", "Warning"}, {"", "Other"}, {"Error", "Other"}, {"warning", "Other"},
	} {
		if got := new(Config).KeyOf(&occurrence.Event{Type: tt.typ}).Type; got != tt.want {
			t.Errorf("type %q counts as %q, want %q", tt.typ, got, tt.want)
		}
	}
	if got := new(Config).KeyOf(&occurrence.Event{Reason: strings.Repeat("é", 200)}).Reason; got != strings.Repeat("é", 126) {
		t.Errorf("a long reason is cut to %q", got)
	}
}

func TestExposition(t *testing.T) {
	c := config()
	c.NewSeriesDelay = 0
	s := New(c)
	s.add(Key{Type: "Warning", Reason: "BackOff", Kind: "Pod", Namespace: "shop", Component: "kubelet"}, 4, time.Unix(1700000000, 0))
	scrape(t, s)
	want := `
# HELP kube_event_occurrences_total Occurrences of Kubernetes events, repeats included.
# TYPE kube_event_occurrences_total counter
kube_event_occurrences_total{component="kubelet",kind="Pod",namespace="shop",reason="BackOff",type="Warning"} 4
# HELP kube_event_last_occurrence_timestamp_seconds Time of the latest occurrence.
# TYPE kube_event_last_occurrence_timestamp_seconds gauge
kube_event_last_occurrence_timestamp_seconds{component="kubelet",kind="Pod",namespace="shop",reason="BackOff",type="Warning"} 1.7e+09
`
	if err := testutil.CollectAndCompare(s, strings.NewReader(want), "kube_event_occurrences_total", "kube_event_last_occurrence_timestamp_seconds"); err != nil {
		t.Error(err)
	}
	if problems, err := testutil.CollectAndLint(s); err != nil || len(problems) > 0 {
		t.Errorf("lint: %v %v", problems, err)
	}
}

// TestRestoreCreated: to the same target a series goes on from when it was
// created; to another it is created now, or what the other target has shown
// would be counted again from its creation on.
func TestRestoreCreated(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		old := New(config())
		old.add(key("shop", 1), 7, time.Now())
		created := time.Now()
		states := old.All()
		states[0].Mature, states[0].Served = true, 5
		time.Sleep(time.Hour)
		for _, tt := range []struct {
			same    bool
			value   int64
			created time.Time
		}{{true, 7, created}, {false, 2, time.Now()}} {
			s := New(config())
			s.Restore(states, tt.same)
			if got := s.All()[0]; got.Value != tt.value || !got.Created.Equal(tt.created) {
				t.Errorf("same target %v: %d created at %s, want %d at %s", tt.same, got.Value, got.Created, tt.value, tt.created)
			}
		}
	})
}

func TestCreatedTimestamp(t *testing.T) {
	s := New(config())
	s.add(key("shop", 1), 1, time.Now())
	reg := prometheus.NewRegistry()
	reg.MustRegister(s)
	mfs, err := reg.Gather()
	if err != nil {
		t.Fatal(err)
	}
	for _, mf := range mfs {
		if mf.GetName() == "kube_event_occurrences_total" && mf.GetMetric()[0].GetCounter().GetCreatedTimestamp() != nil {
			return
		}
	}
	t.Error("no created timestamp")
}
