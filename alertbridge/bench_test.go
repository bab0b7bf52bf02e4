package alertbridge

import (
	"bytes"
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"runtime"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/go-kit/log"
	"github.com/prometheus/client_golang/prometheus"

	"github.com/kubebark/kubebark/alertbridge/notify"
	"github.com/kubebark/kubebark/exporter/occurrence"
)

func distinct(i int) *occurrence.Occurrence {
	o := highCPU()
	o.Object.Name = fmt.Sprintf("app%d", i)
	o.Name, o.Version = fmt.Sprintf("app%d.18eb", i), uint64(i+1)
	return o
}

// TestStorm: ten thousand distinct troubles at once stay within the bounds and
// all reach Alertmanager, by themselves or folded.
func TestStorm(t *testing.T) {
	var mu sync.Mutex
	got := map[notify.Fingerprint]notify.Alert{}
	am := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		var as []notify.Alert
		if err := json.NewDecoder(r.Body).Decode(&as); err != nil {
			t.Errorf("decode: %v", err)
		}
		mu.Lock()
		defer mu.Unlock()
		for _, a := range as {
			got[notify.FingerprintOf(a.Labels)] = a
		}
	}))
	defer am.Close()
	s := settings(am.URL)
	s.Alerts.MaxActive = 1000
	b, err := New(Options{Settings: s, Logger: log.NewNopLogger(), Registerer: prometheus.NewRegistry()})
	if err != nil {
		t.Fatal(err)
	}
	run(t, b)
	for i := range 10000 {
		b.Observe(distinct(i))
	}
	if n := len(b.tracker.Views()); n != 1001 {
		t.Errorf("%d alerts are active", n)
	}
	for deadline := time.Now().Add(30 * time.Second); ; {
		mu.Lock()
		n := len(got)
		mu.Unlock()
		if n == 1001 {
			return
		}
		if time.Now().After(deadline) {
			t.Fatalf("%d alerts have arrived", n)
		}
		time.Sleep(10 * time.Millisecond)
	}
}

func BenchmarkObserve(b *testing.B) {
	for _, name := range []string{"new", "repeat"} {
		b.Run(name, func(b *testing.B) {
			s := settings("http://127.0.0.1:1")
			s.Alerts.MaxActive = 1 << 30
			br, err := New(Options{Settings: s, Logger: log.NewNopLogger(), Registerer: prometheus.NewRegistry()})
			if err != nil {
				b.Fatal(err)
			}
			b.ReportAllocs()
			for i := 0; b.Loop(); i++ {
				if name == "repeat" {
					i %= 1000
				}
				br.Observe(distinct(i))
			}
		})
	}
}

// BenchmarkEventToPost tells how long it is from an occurrence to the request,
// at a thousand distinct ones a second: through the bridge, and beside it a
// floor, which posts each alert at once and keeps nothing of it.
func BenchmarkEventToPost(b *testing.B) {
	b.Run("bridge", func(b *testing.B) {
		l := newLatencies(b)
		s := settings(l.url)
		s.Alerts.MaxActive = 1 << 30
		br, err := New(Options{Settings: s, Logger: log.NewNopLogger(), Registerer: prometheus.NewRegistry()})
		if err != nil {
			b.Fatal(err)
		}
		run(b, br)
		l.measure(b, func(i int) { br.Observe(distinct(i)) })
	})
	b.Run("floor", func(b *testing.B) {
		l := newLatencies(b)
		client := &http.Client{Transport: &http.Transport{MaxIdleConnsPerHost: 64}}
		b.Cleanup(client.CloseIdleConnections)
		l.measure(b, func(i int) {
			name := distinct(i).Object.Name
			body, err := json.Marshal([]notify.Alert{{
				Labels: map[string]string{"alertname": "KubeEventHighCPUUsage", "namespace": "default", "name": name}, StartsAt: time.Now(),
			}})
			if err != nil {
				b.Error(err)
			}
			go func() {
				resp, err := client.Post(l.url, "application/json", bytes.NewReader(body))
				if err != nil {
					b.Error(err)
					return
				}
				resp.Body.Close()
			}()
		})
	})
}

// latencies is an Alertmanager that notes how long after its start each alert
// arrives first.
type latencies struct {
	url     string
	arrived chan time.Duration

	mu   sync.Mutex
	seen map[string]bool
}

func newLatencies(b *testing.B) *latencies {
	b.Helper()
	l := &latencies{arrived: make(chan time.Duration, 1<<20), seen: map[string]bool{}}
	srv := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		now := time.Now()
		var as []notify.Alert
		if err := json.NewDecoder(r.Body).Decode(&as); err != nil {
			b.Errorf("decode: %v", err)
		}
		l.mu.Lock()
		defer l.mu.Unlock()
		for _, a := range as {
			if name := a.Labels["name"]; !l.seen[name] {
				l.seen[name] = true
				l.arrived <- now.Sub(a.StartsAt)
			}
		}
	}))
	b.Cleanup(srv.Close)
	l.url = srv.URL
	return l
}

// measure lets a thousand events a second happen and reports how late they are.
func (l *latencies) measure(b *testing.B, happen func(i int)) {
	const perSecond = 1000
	n := 0
	tick := time.NewTicker(time.Second / perSecond)
	defer tick.Stop()
	for b.Loop() {
		<-tick.C
		happen(n)
		n++
	}
	var ds []time.Duration
	for range n {
		ds = append(ds, <-l.arrived)
	}
	slices.Sort(ds)
	b.ReportMetric(ds[n/2].Seconds()*1000, "p50-ms")
	b.ReportMetric(ds[n*99/100].Seconds()*1000, "p99-ms")
}

// BenchmarkMemory tells what an active alert costs.
func BenchmarkMemory(b *testing.B) {
	const n = 5000
	s := settings("http://127.0.0.1:1")
	s.Alerting.Alertmanagers = nil
	for b.Loop() {
		var before, after runtime.MemStats
		runtime.GC()
		runtime.ReadMemStats(&before)
		br, err := New(Options{Settings: s, Logger: log.NewNopLogger(), Registerer: prometheus.NewRegistry()})
		if err != nil {
			b.Fatal(err)
		}
		for i := range n {
			br.Observe(distinct(i))
		}
		runtime.GC()
		runtime.ReadMemStats(&after)
		b.ReportMetric(float64(after.HeapAlloc-before.HeapAlloc)/n, "B/alert")
		runtime.KeepAlive(br)
	}
}
