package episode

import (
	"github.com/prometheus/client_golang/prometheus"
)

const namespace = "kube_event_exporter"

type metrics struct {
	folded           prometheus.Counter
	matches          *prometheus.CounterVec
	dropped          *dropped
	templateFailures prometheus.Counter
}

func newMetrics(reg prometheus.Registerer, counts func() (pending, firing int)) *metrics {
	m := &metrics{
		folded: prometheus.NewCounter(prometheus.CounterOpts{
			Namespace: namespace, Name: "alerts_folded_total",
			Help: "Occurrences that had no room for an alert of their own and went into one for their namespace and reason.",
		}),
		matches: prometheus.NewCounterVec(prometheus.CounterOpts{
			Namespace: namespace, Name: "rule_matches_total", Help: "Changes of events that the rule decided about.",
		}, []string{"rule"}),
		dropped: newDropped(),
		templateFailures: prometheus.NewCounter(prometheus.CounterOpts{
			Namespace: namespace, Name: "template_failures_total", Help: "Templates of labels and annotations that failed on an event.",
		}),
	}
	reg.MustRegister(m.folded, m.matches, m.dropped, m.templateFailures, &alertsCollector{
		desc:   prometheus.NewDesc(namespace+"_alerts", "Alerts that are pending or firing.", []string{"state"}, nil),
		counts: counts,
	})
	return m
}

// know shows a 0 for each rule, so that its first match is an increase.
func (m *metrics) know(s *Settings) {
	m.dropped.hold(s.NewSeriesDelay)
	for _, r := range s.Rules.Rules() {
		m.matches.WithLabelValues(r.Name)
	}
}

// alertsCollector counts alerts when it is asked.
type alertsCollector struct {
	desc   *prometheus.Desc
	counts func() (pending, firing int)
}

// Describe implements prometheus.Collector.
func (c *alertsCollector) Describe(ch chan<- *prometheus.Desc) { ch <- c.desc }

// Collect implements prometheus.Collector.
func (c *alertsCollector) Collect(ch chan<- prometheus.Metric) {
	pending, firing := c.counts()
	ch <- prometheus.MustNewConstMetric(c.desc, prometheus.GaugeValue, float64(pending), Pending.String())
	ch <- prometheus.MustNewConstMetric(c.desc, prometheus.GaugeValue, float64(firing), Firing.String())
}
