package eventlog

import (
	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/promauto"
)

// metrics are what is known of the log.
type metrics struct {
	records   prometheus.Counter
	dropped   prometheus.Counter
	repeats   prometheus.Counter
	failures  prometheus.Counter
	rotations prometheus.Counter
	enriched  *prometheus.CounterVec
}

func newMetrics(reg prometheus.Registerer, q *queue) *metrics {
	f := promauto.With(reg)
	counter := func(name, help string) prometheus.Counter {
		return f.NewCounter(prometheus.CounterOpts{Namespace: "kube_event_exporter", Subsystem: "event_log", Name: name, Help: help})
	}
	m := &metrics{
		records:   counter("records_total", "Records written to the event log."),
		dropped:   counter("dropped_total", "Records that are not in the event log: the queue was full, or they could not be written before the end."),
		repeats:   counter("repeats_total", "Occurrences found again after a start and not written, for the event log has them."),
		failures:  counter("write_failures_total", "Failed tries to write, to rotate or to clear away files of the event log."),
		rotations: counter("rotations_total", "Files of the event log that were full or old, so that a new one was begun."),
		enriched: f.NewCounterVec(prometheus.CounterOpts{
			Namespace: "kube_event_exporter", Subsystem: "event_log", Name: "enriched_total",
			Help: "Records by what look-ups came to: complete, gone, forbidden, late, unknown, error.",
		}, []string{"outcome"}),
	}
	for _, o := range []Outcome{Complete, Gone, Forbidden, Late, Unknown, Failed} {
		m.enriched.WithLabelValues(string(o))
	}
	f.NewGaugeFunc(prometheus.GaugeOpts{
		Namespace: "kube_event_exporter", Subsystem: "event_log", Name: "queue_length",
		Help: "Records that wait for the disk.",
	}, func() float64 { return float64(q.len()) })
	f.NewGaugeFunc(prometheus.GaugeOpts{
		Namespace: "kube_event_exporter", Subsystem: "event_log", Name: "queue_capacity",
		Help: "How many records can wait for the disk.",
	}, func() float64 {
		q.mu.Lock()
		defer q.mu.Unlock()
		return float64(q.capacity)
	})
	return m
}
