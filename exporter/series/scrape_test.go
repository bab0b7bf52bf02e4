package series

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/promhttp"

	"github.com/kubebark/kubebark/exporter/occurrence"
)

// crowd is a store with n series that have all shown their 0, each of a reason
// that is its number, and the events that count into them.
func crowd(n int) (*Store, []*occurrence.Event) {
	c := DefaultConfig()
	c.Limit, c.NewSeriesDelay = n, 0
	s := New(c)
	events := make([]*occurrence.Event, n)
	for i := range events {
		events[i] = &occurrence.Event{
			Type: "Warning", Reason: strconv.Itoa(i), Component: "kubelet",
			Object: occurrence.Object{Kind: "Pod", Namespace: fmt.Sprintf("team-%03d", i%200), Name: "cart-7dc45b778d-x2x4q"},
		}
		s.Count(events[i], 1, time.Now())
	}
	for range 2 {
		s.view(time.Now())
	}
	return s, events
}

// collect returns the counters of a scrape by the series' numbers. It does
// without a registry, which takes most of a scrape's time.
func collect(t *testing.T, s *Store, n int) []int64 {
	t.Helper()
	ch := make(chan prometheus.Metric, 1000)
	go func() {
		defer close(ch)
		s.Collect(ch)
	}()
	out := make([]int64, n)
	for m := range ch {
		c, ok := m.(counter)
		if !ok {
			continue
		}
		i, err := strconv.Atoi(c.face.key.Reason)
		if err != nil {
			t.Fatal(err)
		}
		out[i] = c.shown
	}
	return out
}

// TestScrapeIsOneMoment scrapes many series while occurrences come in as fast as
// they can be counted, one series after the other. At any moment those up to one
// have been counted once more than those behind it: a scrape that shows anything
// else has mixed two moments.
func TestScrapeIsOneMoment(t *testing.T) {
	const many = 10_000
	for _, durable := range []bool{false, true} {
		t.Run(fmt.Sprintf("durable=%v", durable), func(t *testing.T) {
			s, events := crowd(many)
			flush := func() {}
			if durable {
				var lock sync.Mutex
				s.KeepDurable(&lock, func() {})
				flush = func() {
					lock.Lock()
					defer lock.Unlock()
					s.Durable(s.Changes())
				}
				s.Durable(s.All())
			}
			var counted atomic.Int64
			counted.Store(many)
			stop, done := make(chan struct{}), make(chan struct{})
			go func() {
				defer close(done)
				for i := 0; ; i = (i + 1) % many {
					select {
					case <-stop:
						return
					default:
					}
					s.Count(events[i], 1, time.Now())
					counted.Add(1)
					if i%7001 == 0 {
						flush()
					}
				}
			}()
			var last int64
			for range 5 {
				before := counted.Load()
				vs := collect(t, s, many)
				after := counted.Load()
				sum := consistent(t, vs)
				if sum < last || sum > after+1 || !durable && sum < before {
					t.Errorf("a sum of %d after one of %d, while %d to %d had been counted", sum, last, before, after)
				}
				last = sum
			}
			close(stop)
			<-done
			if last == many {
				t.Error("nothing was counted meanwhile")
			}
		})
	}
}

// consistent checks that a scrape is of one moment and returns its sum.
func consistent(t *testing.T, vs []int64) int64 {
	t.Helper()
	var sum int64
	for i, v := range vs {
		sum += v
		if v > vs[0] || v < vs[0]-1 || i > 0 && v > vs[i-1] {
			t.Fatalf("series %d shows %d where the first shows %d and the one before %d", i, v, vs[0], vs[max(0, i-1)])
		}
	}
	return sum
}

// BenchmarkScrape serves /metrics with 50,000 series as Prometheus asks for it,
// while 10,000 occurrences a second come in. It also tells the longest time that
// one of them had to wait to be counted.
func BenchmarkScrape(b *testing.B) {
	const many = 50_000
	s, events := crowd(many)
	reg := prometheus.NewRegistry()
	reg.MustRegister(s)
	h := promhttp.HandlerFor(reg, promhttp.HandlerOpts{EnableOpenMetrics: true, EnableOpenMetricsTextCreatedSamples: true})
	for _, accept := range []string{"text/plain;version=0.0.4", "application/openmetrics-text;version=1.0.0", "application/vnd.google.protobuf;proto=io.prometheus.client.MetricFamily;encoding=delimited"} {
		name, _, _ := strings.Cut(accept, ";")
		b.Run(name[strings.IndexByte(name, '/')+1:], func(b *testing.B) {
			stop, done := make(chan struct{}), make(chan time.Duration)
			go func() { done <- drip(s, events, stop) }()
			b.ReportAllocs()
			for b.Loop() {
				req := httptest.NewRequest(http.MethodGet, "/metrics", http.NoBody)
				req.Header.Set("Accept", accept)
				req.Header.Set("Accept-Encoding", "gzip")
				rec := httptest.NewRecorder()
				h.ServeHTTP(rec, req)
				if rec.Code != http.StatusOK || rec.Body.Len() < many {
					b.Fatalf("status %d, %d bytes", rec.Code, rec.Body.Len())
				}
			}
			close(stop)
			b.ReportMetric(float64((<-done).Microseconds())/1000, "worst-wait-ms")
		})
	}
}

// drip counts 10,000 occurrences a second and returns the longest that one took.
func drip(s *Store, events []*occurrence.Event, stop <-chan struct{}) (worst time.Duration) {
	tick := time.NewTicker(10 * time.Millisecond)
	defer tick.Stop()
	for i := 0; ; {
		select {
		case <-stop:
			return worst
		case <-tick.C:
		}
		for range 100 {
			begun := time.Now()
			s.Count(events[i], 1, begun)
			worst = max(worst, time.Since(begun))
			i = (i + 1) % len(events)
		}
	}
}
