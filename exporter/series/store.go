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
	"unicode/utf8"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/kubebark/kubebark/exporter/occurrence"
)

// Other is the reason under which label sets beyond the budget are counted,
// and the type of events that are neither Normal nor Warning.
const (
	OtherReason = "_other"
	OtherType   = "Other"
)

// Key is a label set.
type Key struct {
	Type, Reason, Kind, Namespace, Component string
}

// maxLabel is a bound on a label value's bytes. No name in Kubernetes is
// longer, but nobody checks a hand-written reason.
const maxLabel = 253

// KeyOf returns the label set into which an event counts, where the budget has
// room.
func KeyOf(e *occurrence.Event) Key {
	if e.Reason == OtherReason { // whoever takes our word gets what it stands for
		return Key{Type: boundedType(e.Type), Reason: OtherReason}
	}
	return Key{
		Type:      boundedType(e.Type),
		Reason:    cut(e.Reason),
		Kind:      cut(e.Object.Kind),
		Namespace: cut(e.Object.Namespace),
		Component: cut(e.Component),
	}
}

// boundedType keeps the label type to three values: core/v1 takes any text.
func boundedType(t string) string {
	if t == occurrence.Normal || t == occurrence.Warning {
		return t
	}
	return OtherType
}

func cut(s string) string {
	if len(s) <= maxLabel {
		return s
	}
	n := maxLabel
	for n > 0 && !utf8.RuneStart(s[n]) {
		n--
	}
	return s[:n]
}

// Store holds the series. It is a [prometheus.Collector].
type Store struct {
	occurrences *prometheus.Desc
	last        *prometheus.Desc
	count       *prometheus.Desc
	limit       *prometheus.Desc
	dropped     prometheus.Counter

	mu         sync.Mutex
	cfg        Config
	series     map[Key]*series
	namespaces map[string]int // series of each
	overflow   map[Key]*series
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
	mature  bool      // its 0 has been seen for long enough

	stored        bool  // a crash leaves this one, not an earlier one under its key
	durable       int64 // the value that is safe from a crash
	durableMature bool
}

// New returns an empty store.
func New(c Config) *Store {
	labels := []string{"type", "reason", "kind", "namespace", "component"}
	return &Store{
		occurrences: prometheus.NewDesc("kube_event_occurrences_total",
			"Occurrences of Kubernetes events, repeats included.", labels, nil),
		last: prometheus.NewDesc("kube_event_last_occurrence_timestamp_seconds",
			"Time of the latest occurrence.", labels, nil),
		count: prometheus.NewDesc("kube_event_exporter_series",
			"Label sets that have a series of their own.", nil, nil),
		limit: prometheus.NewDesc("kube_event_exporter_series_limit",
			"Label sets that may have a series of their own.", nil, nil),
		dropped: prometheus.NewCounter(prometheus.CounterOpts{
			Name: "kube_event_exporter_series_dropped_total",
			Help: `Times that a label set found no room within the limits and was counted under reason="_other".`,
		}),
		cfg:        c,
		series:     make(map[Key]*series),
		namespaces: make(map[string]int),
		overflow:   make(map[Key]*series),
	}
}

// SetConfig changes the budget. Series that are there stay.
func (s *Store) SetConfig(c Config) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.cfg = c
}

// Add counts n occurrences, the latest of them at the given time.
func (s *Store) Add(k Key, n int64, at time.Time) {
	s.mu.Lock()
	defer s.mu.Unlock()
	now := time.Now()
	sr, k := s.find(k, now)
	sr.value += n
	sr.touched = now
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
	if k.Reason == OtherReason {
		return ensure(s.overflow, k, now), k
	}
	if s.full(k.Namespace) {
		s.expire(now)
	}
	if s.full(k.Namespace) {
		s.dropped.Inc()
		k = Key{Type: k.Type, Reason: OtherReason}
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
		if sr.shown != sr.value || now.Sub(sr.touched) < time.Duration(s.cfg.TTL) {
			continue
		}
		delete(s.series, k)
		if s.namespaces[k.Namespace]--; s.namespaces[k.Namespace] == 0 {
			delete(s.namespaces, k.Namespace)
		}
	}
}
