package watch

import (
	"errors"
	"io"
	"strings"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/promauto"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	utilnet "k8s.io/apimachinery/pkg/util/net"
	"k8s.io/apimachinery/pkg/watch"
)

func kindOf(t watch.EventType) (Kind, bool) {
	switch t {
	case watch.Added:
		return Added, true
	case watch.Modified:
		return Modified, true
	case watch.Deleted:
		return Deleted, true
	case watch.Bookmark, watch.Error:
	}
	return 0, false
}

var errRestored = errors.New("the API server was put back to an older state")

// expired tells whether the server no longer knows the version that we are at,
// so that only a new list helps: it was compacted away (410, as a status or in
// the stream; etcd's watch can also show it as an event without its previous
// value, see parseEvent in the API server's storage/etcd3), or the server was
// put back to an older state and has not come to it yet.
func expired(err error) bool {
	return errors.Is(err, errRestored) || apierrors.IsResourceExpired(err) || apierrors.IsGone(err) ||
		apierrors.IsInternalError(err) && strings.Contains(err.Error(), "PrevKv=nil") ||
		apierrors.HasStatusCause(err, metav1.CauseTypeResourceVersionTooLarge)
}

// ending returns nil for an error that is but the end of a stream: by the
// server, by a connection that was cut, by our own deadline.
func ending(err error) error {
	if errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) || utilnet.IsProbableEOF(err) || utilnet.IsTimeout(err) {
		return nil
	}
	return err
}

// Metrics are the metrics of all watchers.
type Metrics struct {
	events   map[watch.EventType]prometheus.Counter
	restarts *prometheus.CounterVec
}

// NewMetrics registers the metrics with reg.
func NewMetrics(reg prometheus.Registerer) *Metrics {
	f := promauto.With(reg)
	events := f.NewCounterVec(prometheus.CounterOpts{
		Name: "kube_event_exporter_watch_events_total",
		Help: "Watch events received: added, modified, deleted, bookmark, error.",
	}, []string{"event"})
	m := &Metrics{
		events: make(map[watch.EventType]prometheus.Counter),
		restarts: f.NewCounterVec(prometheus.CounterOpts{
			Name: "kube_event_exporter_watch_restarts_total",
			Help: "Watches begun again, by the cause of the end: closed by the server, expired (the version was no longer known and a list was made), error.",
		}, []string{"cause"}),
	}
	for _, t := range []watch.EventType{watch.Added, watch.Modified, watch.Deleted, watch.Bookmark, watch.Error} {
		m.events[t] = events.WithLabelValues(strings.ToLower(string(t)))
	}
	for _, c := range []string{"closed", "expired", "error"} {
		m.restarts.WithLabelValues(c)
	}
	return m
}

func (m *Metrics) count(t watch.EventType) {
	if c, ok := m.events[t]; ok { // else it is of no type that the API has
		c.Inc()
	}
}
