package watch

import (
	"github.com/go-kit/log/level"
	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/promauto"
	apierrors "k8s.io/apimachinery/pkg/api/errors"

	"github.com/kubebark/kubebark/exporter/occurrence"
	"github.com/kubebark/kubebark/exporter/shard"
)

// Shard is the part of a cluster that watchers hand on. Whatever the server
// sends, they hand on nothing else.
type Shard struct {
	shard.Shard

	serverSide prometheus.Gauge
	skipped    prometheus.Counter
}

// NewShard registers the metrics of a shard with reg.
func NewShard(s shard.Shard, reg prometheus.Registerer) *Shard {
	f := promauto.With(reg)
	f.NewGauge(prometheus.GaugeOpts{
		Name: "kube_event_exporter_shard_ordinal", Help: "Which of the shards this is, from 0 on.",
	}).Set(float64(s.Index))
	f.NewGauge(prometheus.GaugeOpts{
		Name: "kube_event_exporter_total_shards", Help: "How many shards there are.",
	}).Set(float64(max(1, s.Total)))
	return &Shard{
		Shard: s,
		serverSide: f.NewGauge(prometheus.GaugeOpts{
			Name: "kube_event_exporter_shard_server_side",
			Help: "Whether the API server said at the last list that it leaves out what other shards have.",
		}),
		skipped: f.NewCounter(prometheus.CounterOpts{
			Name: "kube_event_exporter_shard_skipped_events_total",
			Help: "Events that came from the API server though another shard has them.",
		}),
	}
}

// has tells whether to hand an event on.
func (s *Shard) has(e *occurrence.Event) bool {
	if s == nil || s.Has(e.Namespace) {
		return true
	}
	s.skipped.Inc()
	return false
}

// selector is what to ask of the server; "" for all.
func (w *Watcher) selector() string {
	if w.opts.Shard == nil || w.unselected {
		return ""
	}
	return w.opts.Shard.Selector()
}

// answered learns whether the server has filtered: one that cannot says nothing.
func (s *Shard) answered(selector string) {
	if s == nil || s.Whole() {
		return
	}
	if selector == s.Selector() {
		s.serverSide.Set(1)
	} else {
		s.serverSide.Set(0)
	}
}

// refused tells whether a list failed because the server does not take our
// selector, and then never sends it again: filtering here is enough.
func (w *Watcher) refused(err error) bool {
	if w.selector() == "" || !apierrors.IsBadRequest(err) && !apierrors.IsInvalid(err) {
		return false
	}
	w.unselected = true
	level.Warn(w.opts.Logger).Log("msg", "the API server does not take the selector of the shard; all events come and are filtered here", "err", err)
	return true
}
