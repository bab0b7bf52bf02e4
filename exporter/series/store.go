// Package series keeps the counters of occurrences, one for each label set,
// within a budget, and shows them so that Prometheus sees each occurrence.
//
// A counter that is born at 1 is no increase for Prometheus: it never saw the
// 0. So a new series shows 0 first, and what has been counted only some time
// after that 0 was scraped, long enough for a second Prometheus to have
// scraped it too. A label set that the budget has no room for is counted
// under its type alone, so that sums stay exact.
package series

import (
	"sync"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/kubebark/kubebark/exporter/occurrence"
	"github.com/kubebark/kubebark/internal/conf"
)

// sweepInterval is how often it is looked for room among the series where there
// is none: a flood of new label sets must not look through all for each of them.
const sweepInterval = 10 * time.Second

// Store holds the series. It is a [prometheus.Collector].
type Store struct {
	count   *prometheus.Desc
	limit   *prometheus.Desc
	dropped prometheus.Counter

	mu         sync.Mutex
	cfg        Config
	shape      shape // of new label sets
	series     map[Key]*series
	namespaces map[string]int // series of each
	overflow   map[Key]*series
	families   *families // as of the last scrape
	swept      time.Time
	durability durability
	live       bool // show what is not durable too
}

type series struct {
	value   int64
	shown   int64     // what the last scrape got
	created time.Time // start of the counter
	last    time.Time // latest occurrence
	touched time.Time // when it was last added to, by our clock
	scraped time.Time // first scrape; zero before
	shape   shape     // of the label set, when it was last added to
	mature  bool      // its 0 has been seen for long enough

	stored        bool  // a crash leaves this one, not an earlier one under its key
	durable       int64 // the value that is safe from a crash
	durableMature bool

	face *face // what scrapes show of the label set; nil before the first
}

// New returns an empty store.
func New(c Config) *Store {
	return &Store{
		count: prometheus.NewDesc("kube_event_exporter_series",
			"Label sets that have a series of their own.", nil, nil),
		limit: prometheus.NewDesc("kube_event_exporter_series_limit",
			"Label sets that may have a series of their own.", nil, nil),
		dropped: prometheus.NewCounter(prometheus.CounterOpts{
			Name: "kube_event_exporter_series_dropped_total",
			Help: `Times that a label set found no room within the limits and was counted under reason="_other".`,
		}),
		cfg:        c,
		shape:      c.shape(),
		series:     make(map[Key]*series),
		namespaces: make(map[string]int),
		overflow:   make(map[Key]*series),
		families:   newFamilies(c.shape()),
	}
}

// SetConfig changes the budget and the labels. Series that are there stay as
// they are: where labels have changed they stand still, so that nothing that was
// shown is taken back, and go when their time is over; what happens from now on
// counts into new ones.
func (s *Store) SetConfig(c Config) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.cfg, s.shape = c, c.shape()
}

// Count counts n occurrences of an event, the latest of them at the given time.
func (s *Store) Count(e *occurrence.Event, n int64, at time.Time) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.add(s.shape.keyOf(e), n, at)
}

func (s *Store) add(k Key, n int64, at time.Time) {
	now := time.Now()
	sr, k := s.find(k, now)
	sr.value += n
	sr.touched, sr.shape = now, s.shape
	if at.After(sr.last) {
		sr.last = at
	}
	s.touch(k)
}

// find returns the series of k, or the one that stands in for it and its key.
func (s *Store) find(k Key, now time.Time) (*series, Key) {
	if sr := s.lookup(k); sr != nil {
		return sr, k
	}
	if k.Reason == otherReason {
		return ensure(s.overflow, k, now), k
	}
	if s.full(k.Namespace) && now.Sub(s.swept) >= sweepInterval {
		s.expire(now)
		s.makeRoom(now)
		s.swept = now
	}
	if s.full(k.Namespace) {
		s.dropped.Inc()
		k = Key{Type: k.Type, Reason: otherReason}
		return ensure(s.overflow, k, now), k
	}
	s.namespaces[k.Namespace]++
	return ensure(s.series, k, now), k
}

func (s *Store) full(namespace string) bool {
	return len(s.series) >= s.cfg.Limit || s.namespaces[namespace] >= s.cfg.LimitPerNamespace
}

func ensure(m map[Key]*series, k Key, now time.Time) *series {
	sr := m[k]
	if sr == nil {
		sr = &series{created: now}
		m[k] = sr
	}
	return sr
}

// expire drops series that had no occurrence for the TTL, once all that they
// counted has been shown.
func (s *Store) expire(now time.Time) {
	if s.cfg.TTL <= 0 {
		return
	}
	for k, sr := range s.series {
		if sr.over(now, s.cfg.TTL) {
			s.drop(k)
		}
	}
}

// makeRoom drops series of labels that were another choice's: nothing is ever
// added to them. It leaves them for as long as a second Prometheus may need to
// see the last that they have counted.
func (s *Store) makeRoom(now time.Time) {
	for k, sr := range s.series {
		if sr.shape != s.shape && sr.over(now, s.cfg.NewSeriesDelay) {
			s.drop(k)
		}
	}
}

// over tells whether a series had no occurrence for so long and has shown all.
func (sr *series) over(now time.Time, quiet conf.Duration) bool {
	return sr.shown == sr.value && now.Sub(sr.touched) >= time.Duration(quiet)
}

func (s *Store) drop(k Key) {
	delete(s.series, k)
	if s.namespaces[k.Namespace]--; s.namespaces[k.Namespace] == 0 {
		delete(s.namespaces, k.Namespace)
	}
}
