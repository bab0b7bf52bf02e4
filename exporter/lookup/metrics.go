package lookup

import "github.com/prometheus/client_golang/prometheus"

// Outcomes of a look-up.
const (
	found     = "found"
	gone      = "gone"
	forbidden = "forbidden"
	failed    = "error"
	cached    = "cached"
)

// Metrics count look-ups.
type Metrics struct{ lookups *prometheus.CounterVec }

// NewMetrics registers the metrics of look-ups for alerts, which are there with
// no look-ups, too.
func NewMetrics(reg prometheus.Registerer) *Metrics {
	return newMetrics(reg, "lookups_total", "Objects looked up for alerts, by outcome; cached ones asked nobody.")
}

// NewLogMetrics registers the metrics of look-ups for the event log.
func NewLogMetrics(reg prometheus.Registerer) *Metrics {
	return newMetrics(reg, "event_log_lookups_total", "Objects looked up for the event log, by outcome; cached ones asked nobody.")
}

func newMetrics(reg prometheus.Registerer, name, help string) *Metrics {
	m := &Metrics{prometheus.NewCounterVec(prometheus.CounterOpts{
		Namespace: "kube_event_exporter", Name: name, Help: help,
	}, []string{"outcome"})}
	for _, o := range []string{found, gone, forbidden, failed, cached} {
		m.lookups.WithLabelValues(o)
	}
	reg.MustRegister(m.lookups)
	return m
}

func (m *Metrics) count(outcome string) { m.lookups.WithLabelValues(outcome).Inc() }
