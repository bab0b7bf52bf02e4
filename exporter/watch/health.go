package watch

import (
	"cmp"
	"errors"
	"fmt"
	"sync"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/promauto"
)

// reconnectTimeout is how long a watch may be without a connection before the
// exporter is not ready. A restart of the API server stays below it.
const reconnectTimeout = 30 * time.Second

// Health knows how the watchers fare.
type Health struct {
	mu      sync.Mutex
	streams []*stream
}

// stream is the health of one watcher.
type stream struct {
	h         *Health
	namespace string

	listed  bool
	online  bool
	timeout time.Duration // of the watch under way
	last    time.Time     // of a page, a connection or an event
	came    time.Time     // of a page or an event
	begun   time.Time     // of the watch under way
	renew   func()        // ends the watch under way, so that another begins
	renewed bool          // that was done
	err     error
}

// caughtUp is how long a new watch takes to bring what came before it.
const caughtUp = time.Second

// NewHealth registers the time of last progress with reg.
func NewHealth(reg prometheus.Registerer) *Health {
	h := new(Health)
	promauto.With(reg).NewGaugeFunc(prometheus.GaugeOpts{
		Name: "kube_event_exporter_watch_last_progress_timestamp_seconds",
		Help: "When the watch last connected or delivered; with several, the one that lags most. A quiet one reconnects at least every 10 minutes.",
	}, h.lastProgress)
	return h
}

func (h *Health) add(namespace string) *stream {
	h.mu.Lock()
	defer h.mu.Unlock()
	s := &stream{h: h, namespace: namespace}
	h.streams = append(h.streams, s)
	return s
}

// Ready returns why events are not known to come: the first list is not
// complete, or a watch is disconnected or has been silent for longer than it
// could be.
func (h *Health) Ready() error {
	h.mu.Lock()
	defer h.mu.Unlock()
	if len(h.streams) == 0 {
		return errors.New("the watch has not begun")
	}
	for _, s := range h.streams {
		if err := s.ready(); err != nil {
			return err
		}
	}
	return nil
}

// Connected tells whether all watches are complete and connected at this
// moment.
func (h *Health) Connected() bool {
	h.mu.Lock()
	defer h.mu.Unlock()
	for _, s := range h.streams {
		if !s.listed || !s.online {
			return false
		}
	}
	return len(h.streams) > 0
}

// Heard returns until when all events of a namespace have been heard of: when
// its watch last brought something, or began and had time to bring what came
// before. A watch that hears nothing any more looks like one of a quiet
// cluster; this tells them apart.
func (h *Health) Heard(namespace string) time.Time {
	h.mu.Lock()
	defer h.mu.Unlock()
	var oldest time.Time
	for i, s := range h.of(namespace) {
		if t := s.heard(); i == 0 || t.Before(oldest) {
			oldest = t
		}
	}
	return oldest
}

// Renew has the watch of a namespace begin anew if it has not been heard since
// then, so that it is.
func (h *Health) Renew(namespace string, since time.Time) {
	h.mu.Lock()
	defer h.mu.Unlock()
	for _, s := range h.of(namespace) {
		if s.online && !s.renewed && s.last.Before(since) {
			s.renewed = true
			s.renew()
		}
	}
}

// of returns the streams that have events of the namespace, all if none says
// that it has; mu is held.
func (h *Health) of(namespace string) []*stream {
	for i, s := range h.streams {
		if s.namespace == "" || s.namespace == namespace {
			return h.streams[i : i+1]
		}
	}
	return h.streams
}

func (h *Health) lastProgress() float64 {
	h.mu.Lock()
	defer h.mu.Unlock()
	var oldest time.Time
	for i, s := range h.streams {
		if i == 0 || s.last.Before(oldest) {
			oldest = s.last
		}
	}
	if oldest.IsZero() {
		return 0
	}
	return float64(oldest.UnixMilli()) / 1000
}

func (s *stream) ready() error {
	what := "events"
	if s.namespace != "" {
		what = "events of namespace " + s.namespace
	}
	since := time.Since(s.last)
	switch {
	case !s.listed && s.err != nil:
		return fmt.Errorf("%s are not listed yet: %w", what, s.err)
	case !s.listed:
		return fmt.Errorf("%s are not listed yet", what)
	case !s.online && since > reconnectTimeout:
		return fmt.Errorf("the watch of %s has been down for %s: %w", what, since.Round(time.Second), cmp.Or(s.err, errors.New("closed")))
	case s.online && since > s.timeout+deadlineSlack:
		return fmt.Errorf("the watch of %s has been silent for %s", what, since.Round(time.Second))
	}
	return nil
}

func (s *stream) update(f func()) {
	s.h.mu.Lock()
	defer s.h.mu.Unlock()
	f()
}

func (s *stream) heard() time.Time {
	if s.online && s.begun.After(s.came) && time.Since(s.begun) >= caughtUp {
		return s.begun
	}
	return s.came
}

func (s *stream) progress() {
	s.update(func() { s.last = time.Now(); s.came = s.last })
}

func (s *stream) synced() { s.update(func() { s.listed, s.err = true, nil }) }

// beginning notes what ends the watch that is about to begin.
func (s *stream) beginning(end func()) {
	s.update(func() { s.renew, s.renewed = end, false })
}

func (s *stream) connected(timeout time.Duration) {
	s.update(func() {
		s.online, s.timeout, s.last, s.err = true, timeout, time.Now(), nil
		s.begun = s.last
	})
}

// disconnected notes the end of a watch and tells whether it was renewed.
func (s *stream) disconnected() (renewed bool) {
	s.update(func() { renewed = s.online && s.renewed; s.online = false })
	return renewed
}

func (s *stream) failed(err error) { s.update(func() { s.err = err }) }
