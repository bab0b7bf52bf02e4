// Package exporter is the way from Kubernetes Events to counters.
//
// A watcher (package watch) or a file (package replay) hands states of Event
// objects to a [Pipeline]; a memory (package count) tells how many occurrences
// each state adds; the series (package series) count them; and every
// occurrence goes on, in order, to the sinks: the alerts, the event log. Data
// flows in this one direction, in the goroutine of the source, so that there
// is no queue to overflow: a slow sink slows down the watch, which the API
// server buffers.
package exporter

import (
	"sync"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/promauto"

	"github.com/kubebark/kubebark/exporter/checkpoint"
	"github.com/kubebark/kubebark/exporter/count"
	"github.com/kubebark/kubebark/exporter/decode"
	"github.com/kubebark/kubebark/exporter/occurrence"
	"github.com/kubebark/kubebark/exporter/series"
	"github.com/kubebark/kubebark/exporter/watch"
)

// Pipeline counts what the sources hand it and passes occurrences on. Its
// methods and those of its streams may be called concurrently.
type Pipeline struct {
	series *series.Store
	sinks  []occurrence.Sink

	recovered prometheus.Counter
	inexact   prometheus.Counter
	lag       prometheus.Histogram

	mu       sync.Mutex // orders sources among themselves
	streams  []*stream
	replayed *count.Memory
	keeping  bool                  // changes are to be noted, for a state file
	synced   chan struct{}         // tells whoever keeps them that a list is complete
	latest   occurrence.Occurrence // what the sinks are shown: they keep none, so one is enough
}

// NewPipeline returns a pipeline that counts into s and then passes each
// occurrence to the sinks. It registers its own metrics with reg.
func NewPipeline(reg prometheus.Registerer, s *series.Store, sinks ...occurrence.Sink) *Pipeline {
	f := promauto.With(reg)
	p := &Pipeline{
		series: s,
		sinks:  sinks,
		synced: make(chan struct{}, 1),
		recovered: f.NewCounter(prometheus.CounterOpts{
			Name: "kube_event_exporter_recovered_occurrences_total",
			Help: "Occurrences found by comparing a list with what was known, rather than seen on the watch.",
		}),
		inexact: f.NewCounter(prometheus.CounterOpts{
			Name: "kube_event_exporter_inexact_occurrences_total",
			Help: "Occurrences counted by an assumption: of an event from before the watch, one is taken for new.",
		}),
		lag: f.NewHistogram(prometheus.HistogramOpts{
			Name:    "kube_event_exporter_event_lag_seconds",
			Help:    "From the time that an event carries to its being counted. Times in most events have whole seconds.",
			Buckets: []float64{.1, .25, .5, 1, 2.5, 5, 10, 30, 60, 300, 900, 1800},
		}),
	}
	f.NewGaugeFunc(prometheus.GaugeOpts{
		Name: "kube_event_exporter_tracked_events",
		Help: "Event objects whose counts are remembered, for a day also those that have expired.",
	}, p.tracked)
	return p
}

func (p *Pipeline) tracked() float64 {
	p.mu.Lock()
	defer p.mu.Unlock()
	n := 0
	for _, s := range p.streams {
		n += s.memory.Len()
	}
	if p.replayed != nil {
		n += p.replayed.Len()
	}
	return float64(n)
}

// Stream returns the handler of the watcher of a namespace, "" for all. What
// an earlier run remembered of it is gone on from; nil where there is nothing.
func (p *Pipeline) Stream(namespace string, remembered *checkpoint.Stream) watch.Handler {
	p.mu.Lock()
	defer p.mu.Unlock()
	s := &stream{p: p, namespace: namespace, memory: count.NewMemory(time.Now())}
	if remembered != nil {
		s.memory = count.Restore(remembered.Since, remembered.Forgotten, remembered.Names)
		s.known = true
		if p.keeping {
			s.memory.Track()
		}
	}
	p.streams = append(p.streams, s)
	return s
}

// Replay takes a record of a file, which is the whole history: all in it
// counts.
func (p *Pipeline) Replay(r decode.Record) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.replayed == nil {
		p.replayed = count.NewMemory(time.Now())
	}
	c := count.History
	if r.Deleted {
		c = count.Gone
	}
	now := time.Now()
	d := p.replayed.Observe(r.Event, c, now)
	if d.New > 0 && r.New > 0 { // the event log knows; what it has twice adds nothing
		d.New, d.Inexact = r.New, r.Inexact
	}
	p.observe(d, r.Event, now, occurrence.Replayed)
}

// stream is where one watcher's events enter the pipeline. Namespaces are
// watched by one each, and a list is complete only within its own.
type stream struct {
	p         *Pipeline
	namespace string
	memory    *count.Memory
	known     bool // the memory is of a complete list: now, or of an earlier run
	listed    bool // in this run, completely
}

// BeginList implements [watch.Handler].
func (s *stream) BeginList() {
	s.p.mu.Lock()
	defer s.p.mu.Unlock()
	if !s.known {
		// A first list that is broken off has told nothing yet.
		s.memory = count.NewMemory(time.Now())
		if s.p.keeping {
			s.memory.Track()
		}
	}
	s.memory.BeginList()
}

// EndList implements [watch.Handler].
func (s *stream) EndList() {
	s.p.mu.Lock()
	defer s.p.mu.Unlock()
	s.memory.EndList(time.Now())
	s.known, s.listed = true, true
	select {
	case s.p.synced <- struct{}{}:
	default: // it is told already
	}
	for _, sink := range s.p.sinks {
		sink.Synced()
	}
}

// Event implements [watch.Handler].
func (s *stream) Event(k watch.Kind, e *occurrence.Event) {
	s.p.mu.Lock()
	defer s.p.mu.Unlock()
	now := time.Now()
	c, origin, at := count.Seen, occurrence.Watched, now
	switch k {
	case watch.Listed:
		c, origin = count.Found, occurrence.Listed
		if !s.known {
			c = count.Initial
		}
		if !e.Last.IsZero() && e.Last.Before(now) {
			at = e.Last
		}
	case watch.Deleted:
		c = count.Gone
	case watch.Added, watch.Modified:
	}
	d := s.memory.Observe(e, c, now)
	if d.New > 0 && origin == occurrence.Listed {
		s.p.recovered.Add(float64(d.New))
	}
	if d.New > 0 && origin == occurrence.Watched && !e.Last.IsZero() {
		s.p.lag.Observe(max(0, now.Sub(e.Last).Seconds()))
	}
	// What the first list of this run holds goes on also where it adds nothing:
	// alerts of an earlier run may still be due.
	if d.New > 0 || k == watch.Listed && !s.listed {
		s.p.observe(d, e, at, origin)
	}
}

func (p *Pipeline) observe(d count.Delta, e *occurrence.Event, at time.Time, origin occurrence.Origin) {
	if d.New == 0 && origin != occurrence.Listed {
		return
	}
	if d.Inexact {
		p.inexact.Add(float64(d.New))
	}
	if d.New > 0 {
		p.series.Count(e, d.New, at)
	}
	p.latest = occurrence.Occurrence{Event: *e, New: d.New, At: at, Origin: origin, Inexact: d.Inexact}
	for _, sink := range p.sinks {
		sink.Observe(&p.latest)
	}
}
