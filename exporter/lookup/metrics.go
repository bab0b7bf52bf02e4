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

// NewMetrics registers the metrics, which are there with no look-ups, too.
func NewMetrics(reg prometheus.Registerer) *Metrics {
	m := &Metrics{prometheus.NewCounterVec(prometheus.CounterOpts{
		Namespace: "kube_event_exporter", Name: "lookups_total",
		Help: "Objects looked up for alerts, by outcome; cached ones asked nobody.",
	}, []string{"outcome"})}
	for _, o := range []string{found, gone, forbidden, failed, cached} {
		m.lookups.WithLabelValues(o)
	}
	reg.MustRegister(m.lookups)
	return m
}

func (m *Metrics) count(outcome string) { m.lookups.WithLabelValues(outcome).Inc() }
