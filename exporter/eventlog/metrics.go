package eventlog

import (
	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/promauto"
)

const namespace, subsystem = "kube_event_exporter", "event_log"

// metrics are what is known of the log, whatever it is written to.
type metrics struct {
	enriched *prometheus.CounterVec
}

func newMetrics(reg prometheus.Registerer) *metrics {
	m := &metrics{enriched: promauto.With(reg).NewCounterVec(prometheus.CounterOpts{
		Namespace: namespace, Subsystem: subsystem, Name: "enriched_total",
		Help: "Records by what look-ups came to: complete, gone, forbidden, late, unknown, error.",
	}, []string{"outcome"})}
	for _, o := range []Outcome{Complete, Gone, Forbidden, Late, Unknown, Failed} {
		m.enriched.WithLabelValues(string(o))
	}
	return m
}

// lineMetrics are what is known of the lines.
type lineMetrics struct {
	records   prometheus.Counter
	dropped   prometheus.Counter
	repeats   prometheus.Counter
	failures  prometheus.Counter
	rotations prometheus.Counter
}

func counter(f promauto.Factory, name, help string) prometheus.Counter {
	return f.NewCounter(prometheus.CounterOpts{Namespace: namespace, Subsystem: subsystem, Name: name, Help: help})
}

func newLineMetrics(reg prometheus.Registerer) *lineMetrics {
	f := promauto.With(reg)
	return &lineMetrics{
		records:   counter(f, "records_total", "Records written to the event log."),
		dropped:   counter(f, "dropped_total", "Records that are not in the event log: the queue was full, or they could not be written before the end."),
		repeats:   counter(f, "repeats_total", "Occurrences found again after a start and not written, for the event log has them."),
		failures:  counter(f, "write_failures_total", "Failed tries to write, to rotate or to clear away files of the event log."),
		rotations: counter(f, "rotations_total", "Files of the event log that were full or old, so that a new one was begun."),
	}
}

// Why a record is not sent.
const (
	dropFull    = "queue_full"
	dropRefused = "refused"
	dropEnd     = "shutdown"
)

// remoteMetrics are what is known of what is sent over OTLP.
type remoteMetrics struct {
	records  prometheus.Counter
	failures prometheus.Counter
	dropped  *prometheus.CounterVec
}

func newRemoteMetrics(reg prometheus.Registerer) *remoteMetrics {
	f := promauto.With(reg)
	m := &remoteMetrics{
		records:  counter(f, "otlp_records_total", "Records of the event log that were sent over OTLP and taken."),
		failures: counter(f, "otlp_send_failures_total", "Failed tries to send over OTLP; what they were to send is sent again."),
		dropped: f.NewCounterVec(prometheus.CounterOpts{
			Namespace: namespace, Subsystem: subsystem, Name: "otlp_dropped_total",
			Help: "Records of the event log that are not sent over OTLP: queue_full, refused (by who gets them), shutdown.",
		}, []string{"cause"}),
	}
	for _, cause := range []string{dropFull, dropRefused, dropEnd} {
		m.dropped.WithLabelValues(cause)
	}
	return m
}

func (m *remoteMetrics) drop(cause string, n int) { m.dropped.WithLabelValues(cause).Add(float64(n)) }

// watchQueue shows how long the queue of an output is; prefix tells which.
func watchQueue(reg prometheus.Registerer, prefix, waitsFor string, l *ledger) {
	f := promauto.With(reg)
	f.NewGaugeFunc(prometheus.GaugeOpts{
		Namespace: namespace, Subsystem: subsystem, Name: prefix + "queue_length", Help: "Records that wait for " + waitsFor + ".",
	}, func() float64 { return float64(l.len()) })
	f.NewGaugeFunc(prometheus.GaugeOpts{
		Namespace: namespace, Subsystem: subsystem, Name: prefix + "queue_capacity", Help: "How many records can wait for " + waitsFor + ".",
	}, func() float64 { return float64(l.cap()) })
}
