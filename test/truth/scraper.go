package truth

import (
	"context"
	"fmt"
	"io"
	"math/rand/v2"
	"net/http"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	dto "github.com/prometheus/client_model/go"
	"github.com/prometheus/common/expfmt"
	"github.com/prometheus/common/model"

	"github.com/kubebark/kubebark/test/tally"
)

const (
	otherReason = "_other"
	lastWrite   = "kube_event_exporter_state_last_write_timestamp_seconds"
)

// scraper reads metrics as Prometheus does and adds up increases.
type scraper struct {
	url    string
	client *http.Client
	rand   *rand.Rand
	every  time.Duration // on the average
	took   func(totals map[tally.Labels]int64)
	wrote  func(time.Time) // when the state file was last written; may be nil

	scraping sync.Mutex // held while a scrape is under way

	mu     sync.Mutex
	series map[tally.Labels]*counter
	others map[string]*counter // of the exporter's own metrics
	err    error               // of the last scrape
	latest time.Time           // beginning of the last one
	stall  time.Duration

	dawdle atomic.Int64 // nanoseconds that the next scrape waits before it reads
}

// counter is a series as increase() sees it: the first sample is no increase,
// one below the last is a reset.
type counter struct {
	seen           bool
	last, increase float64
}

func observe[K comparable](m map[K]*counter, k K, v float64) {
	c := m[k]
	if c == nil {
		c = new(counter)
		m[k] = c
	}
	switch {
	case !c.seen:
	case v >= c.last:
		c.increase += v - c.last
	default:
		c.increase += v
	}
	c.seen, c.last = true, v
}

// retarget makes what comes next series of another target.
func (s *scraper) retarget() {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, c := range s.series {
		c.seen = false
	}
}

func newScraper(url string, every time.Duration, r *rand.Rand, took func(map[tally.Labels]int64)) *scraper {
	return &scraper{
		url: url, every: every, rand: r, took: took,
		// A transport of its own: connections must not outlive the schedule.
		client: &http.Client{Timeout: 20 * time.Second, Transport: new(http.Transport)},
		series: make(map[tally.Labels]*counter), others: make(map[string]*counter),
	}
}

// run scrapes until ctx is done.
func (s *scraper) run(ctx context.Context) {
	defer s.client.CloseIdleConnections()
	for ctx.Err() == nil {
		s.begin()
		err := s.scrape(ctx)
		s.mu.Lock()
		s.err = err
		s.mu.Unlock()
		if err == nil && s.took != nil {
			s.took(s.totals())
		}
		pause(ctx, s.every/2+time.Duration(s.rand.Int64N(int64(s.every))))
	}
}

func (s *scraper) begin() {
	s.mu.Lock()
	defer s.mu.Unlock()
	now := time.Now()
	if !s.latest.IsZero() {
		s.stall = max(s.stall, now.Sub(s.latest))
	}
	s.latest = now
}

// stalled returns the longest time between two scrapes, failed or not.
func (s *scraper) stalled() time.Duration {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.stall
}

func (s *scraper) lastError() error {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.err
}

func (s *scraper) scrape(ctx context.Context) error {
	s.scraping.Lock()
	defer s.scraping.Unlock()
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, s.url, http.NoBody)
	if err != nil {
		return err
	}
	req.Header.Set("Accept", "text/plain;version=0.0.4")
	resp, err := s.client.Do(req)
	if err != nil {
		return err
	}
	defer resp.Body.Close()
	if resp.StatusCode != http.StatusOK {
		body, _ := io.ReadAll(io.LimitReader(resp.Body, 1<<12)) // it is told as far as it came
		return fmt.Errorf("status %s: %s", resp.Status, body)
	}
	pause(ctx, time.Duration(s.dawdle.Swap(0)))
	p := expfmt.NewTextParser(model.UTF8Validation)
	families, err := p.TextToMetricFamilies(resp.Body)
	if err != nil {
		return err
	}
	s.take(families)
	return nil
}

func (s *scraper) take(families map[string]*dto.MetricFamily) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if f := families[lastWrite]; f != nil && s.wrote != nil {
		s.wrote(time.UnixMicro(int64(f.GetMetric()[0].GetGauge().GetValue() * 1e6)))
	}
	for name, f := range families {
		for _, m := range f.GetMetric() {
			if name == tally.Counter {
				observe(s.series, labelsOf(m), m.GetCounter().GetValue())
			} else if f.GetType() == dto.MetricType_COUNTER {
				observe(s.others, name+pairs(m), m.GetCounter().GetValue())
			}
		}
	}
}

func labelsOf(m *dto.Metric) tally.Labels {
	var l tally.Labels
	for _, p := range m.GetLabel() {
		switch p.GetName() {
		case "type":
			l.Type = p.GetValue()
		case "reason":
			l.Reason = p.GetValue()
		case "kind":
			l.Kind = p.GetValue()
		case "namespace":
			l.Namespace = p.GetValue()
		case "component":
			l.Component = p.GetValue()
		}
	}
	return l
}

func pairs(m *dto.Metric) string {
	var b strings.Builder
	for _, p := range m.GetLabel() {
		fmt.Fprintf(&b, " %s=%s", p.GetName(), p.GetValue())
	}
	return b.String()
}

// totals returns the increase of each series so far.
func (s *scraper) totals() map[tally.Labels]int64 {
	s.mu.Lock()
	defer s.mu.Unlock()
	out := make(map[tally.Labels]int64, len(s.series))
	for l, c := range s.series {
		out[l] = int64(c.increase)
	}
	return out
}

// own returns the increases of the exporter's own counters. What it counted
// before the first scrape of a run counts too, since all start at 0.
func (s *scraper) own() map[string]float64 {
	s.mu.Lock()
	defer s.mu.Unlock()
	out := make(map[string]float64, len(s.others))
	for name, c := range s.others {
		out[name] = c.increase
	}
	return out
}

// pause waits for d or until ctx is done.
func pause(ctx context.Context, d time.Duration) {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-ctx.Done():
	case <-t.C:
	}
}
