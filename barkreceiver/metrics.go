package barkreceiver

import (
	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/promauto"

	"github.com/kubebark/kubebark/barkreceiver/config"
	"github.com/kubebark/kubebark/barkreceiver/push"
)

const namespace = "alertmanager_bark"

// Outcomes of a push in metrics, beside those of package push.
const duplicate = "duplicate"

type metrics struct {
	webhooks  *prometheus.CounterVec
	pushes    *prometheus.CounterVec
	duration  prometheus.Histogram
	truncated *prometheus.CounterVec
	fallbacks *prometheus.CounterVec
	up        *prometheus.GaugeVec
	templates prometheus.Counter
	busy      prometheus.Counter
	silences  prometheus.Counter
	heard     prometheus.Gauge
}

func newMetrics(reg prometheus.Registerer) *metrics {
	f := promauto.With(reg)
	counter := func(name, help string, labels ...string) *prometheus.CounterVec {
		return f.NewCounterVec(prometheus.CounterOpts{Namespace: namespace, Name: name, Help: help}, labels)
	}
	return &metrics{
		webhooks: counter("webhooks_total",
			"Messages from Alertmanager by configured receiver, empty where none matches, and the HTTP status they were answered with.", "receiver", "code"),
		pushes: counter("pushes_total",
			"Pushes to a device by outcome: delivered, duplicate (the device had it), refused (for good) or retry (it may work another time).", "receiver", "outcome"),
		duration: f.NewHistogram(prometheus.HistogramOpts{
			Namespace: namespace, Name: "push_duration_seconds",
			Help:    "Duration of requests to the bark-server, failed ones included.",
			Buckets: []float64{.01, .025, .05, .1, .25, .5, 1, 2.5, 5, 10, 30},
		}),
		truncated: counter("push_truncated_total",
			"Messages of which a push has no room for all alerts or the whole text.", "receiver"),
		fallbacks: counter("fallbacks_total",
			"Messages that the receiver's fallback was told of.", "receiver"),
		up: f.NewGaugeVec(prometheus.GaugeOpts{
			Namespace: namespace, Name: "bark_up",
			Help: "Whether the bark-server answered the last time it was asked.",
		}, []string{"server"}),
		templates: f.NewCounter(prometheus.CounterOpts{
			Namespace: namespace, Name: "template_failures_total",
			Help: "Templates that failed or wrote what Bark does not understand, so that a default took their place.",
		}),
		silences: f.NewCounter(prometheus.CounterOpts{
			Namespace: namespace, Name: "silences_created_total",
			Help: "Silences made in Alertmanager from phones.",
		}),
		heard: f.NewGauge(prometheus.GaugeOpts{
			Namespace: namespace, Name: "watchdog_last_heard_timestamp_seconds",
			Help: "Time of the watchdog's last sign of life, or of the start; 0 without a watchdog.",
		}),
		busy: f.NewCounter(prometheus.CounterOpts{
			Namespace: namespace, Name: "webhooks_busy_total",
			Help: "Messages turned away with 503 because too many were being worked on.",
		}),
	}
}

// prepare makes the series of the receivers, so that rates see their first
// increment.
func (m *metrics) prepare(c *config.Config) {
	for _, r := range c.Receivers {
		for _, outcome := range []string{push.Delivered.String(), duplicate, push.Refused.String(), push.Retry.String()} {
			m.pushes.WithLabelValues(r.Name, outcome)
		}
		for _, code := range []string{"200", "422", "503"} {
			m.webhooks.WithLabelValues(r.Name, code)
		}
		m.truncated.WithLabelValues(r.Name)
		if r.Fallback != nil {
			m.fallbacks.WithLabelValues(r.Name)
		}
	}
	if c.Watchdog != nil {
		m.webhooks.WithLabelValues(c.Watchdog.Receiver, "200")
	}
}
