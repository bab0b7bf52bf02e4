package notify

import "github.com/prometheus/client_golang/prometheus"

const namespace = "kube_event_exporter"

type metrics struct {
	sent, errors, dropped *prometheus.CounterVec
	latency               *prometheus.HistogramVec
	length                *prometheus.GaugeVec
	capacity              prometheus.Gauge
}

func newMetrics(reg prometheus.Registerer) *metrics {
	by := []string{"alertmanager"}
	counter := func(name, help string) *prometheus.CounterVec {
		return prometheus.NewCounterVec(prometheus.CounterOpts{Namespace: namespace, Name: name, Help: help}, by)
	}
	m := &metrics{
		sent:    counter("notifications_sent_total", "Alerts that the Alertmanager took."),
		errors:  counter("notifications_errors_total", "Alerts in requests to the Alertmanager that failed or were refused, each try counted."),
		dropped: counter("notifications_dropped_total", "Alerts that the Alertmanager never got: pushed out of a full queue, refused, or left at the end."),
		latency: prometheus.NewHistogramVec(prometheus.HistogramOpts{
			Namespace: namespace, Name: "notifications_latency_seconds",
			Help:                           "How long requests to the Alertmanager took.",
			Buckets:                        []float64{.005, .01, .025, .05, .1, .25, .5, 1, 2.5, 5, 10, 30},
			NativeHistogramBucketFactor:    1.1,
			NativeHistogramMaxBucketNumber: 100,
		}, by),
		length: prometheus.NewGaugeVec(prometheus.GaugeOpts{
			Namespace: namespace, Name: "notifications_queue_length", Help: "Alerts that wait to be sent.",
		}, by),
		capacity: prometheus.NewGauge(prometheus.GaugeOpts{
			Namespace: namespace, Name: "notifications_queue_capacity", Help: "How many alerts can wait for each Alertmanager.",
		}),
	}
	reg.MustRegister(m.sent, m.errors, m.dropped, m.latency, m.length, m.capacity)
	return m
}

// targetMetrics are those of one Alertmanager.
type targetMetrics struct {
	sent, errors, dropped prometheus.Counter
	latency               prometheus.Observer
	length                prometheus.Gauge
}

func (m *metrics) target(name string) targetMetrics {
	return targetMetrics{
		sent: m.sent.WithLabelValues(name), errors: m.errors.WithLabelValues(name),
		dropped: m.dropped.WithLabelValues(name), latency: m.latency.WithLabelValues(name),
		length: m.length.WithLabelValues(name),
	}
}

func (m *metrics) remove(name string) {
	for _, v := range []interface{ DeleteLabelValues(...string) bool }{m.sent, m.errors, m.dropped, m.latency, m.length} {
		v.DeleteLabelValues(name)
	}
}
