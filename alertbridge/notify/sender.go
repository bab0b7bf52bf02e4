package notify

import (
	"context"
	"errors"
	"sync/atomic"
	"time"

	"github.com/go-kit/log"
	"github.com/go-kit/log/level"

	"github.com/kubebark/kubebark/internal/backoff"
)

const (
	maxBatch   = 256
	firstDelay = 250 * time.Millisecond
	maxDelay   = 30 * time.Second
	// drainTimeout bounds how long the end may take for what is still queued.
	drainTimeout = 5 * time.Second
)

// sender brings alerts to one Alertmanager.
type sender struct {
	name     string // URL without secrets, value of the label alertmanager
	queue    *queue
	endpoint atomic.Pointer[endpoint]
	maxDelay atomic.Int64 // nanoseconds
	removed  atomic.Bool  // it is to end without sending the rest
	metrics  targetMetrics
	logger   log.Logger
	// current gives the state of all alerts.
	current func() []Alert

	failing bool   // only run's
	lastErr string // only run's
}

func (s *sender) push(as []Alert) {
	if len(as) > 0 {
		s.count(s.queue.push(as))
	}
}

// count counts what fell out of the queue and shows its length.
func (s *sender) count(dropped int) {
	s.metrics.dropped.Add(float64(dropped))
	s.metrics.length.Set(float64(s.queue.len()))
}

// run sends until ctx is done, and then what is still queued, if that does not
// take too long.
func (s *sender) run(ctx context.Context) {
	s.push(s.current())
	wait := backoff.Backoff{Min: firstDelay}
	for ctx.Err() == nil {
		select {
		case <-ctx.Done():
		case <-s.queue.ready:
			if s.sendBatch(ctx) {
				wait.Reset()
				continue
			}
			wait.Max = time.Duration(s.maxDelay.Load())
			_ = backoff.Sleep(ctx, wait.Next()) // the loop looks at ctx
		}
	}
	if !s.removed.Load() {
		s.drain(ctx)
	}
}

func (s *sender) drain(ctx context.Context) {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), drainTimeout)
	defer cancel()
	for s.queue.len() > 0 && s.sendBatch(ctx) {
	}
	if n := s.queue.len(); n > 0 {
		s.metrics.dropped.Add(float64(n))
		level.Warn(s.logger).Log("msg", "alerts were not sent before the end", "count", n)
	}
}

// sendBatch sends the oldest of the queue and tells whether the Alertmanager
// answered to them.
func (s *sender) sendBatch(ctx context.Context) (ok bool) {
	as := s.queue.take(maxBatch)
	if len(as) == 0 {
		return true
	}
	unsent := s.send(ctx, as)
	s.count(s.queue.putBack(unsent))
	if len(unsent) > 0 {
		s.failing = true
		return false
	}
	if s.failing {
		s.failing = false
		level.Info(s.logger).Log("msg", "Alertmanager takes alerts again")
		s.push(s.current()) // it may have been started anew
	}
	return true
}

// send posts the alerts and returns those to try again. A batch refused as a
// whole is halved until the one at fault is found; that one is dropped.
func (s *sender) send(ctx context.Context, as []Alert) (unsent []Alert) {
	n := float64(len(as))
	begin := time.Now()
	err := s.endpoint.Load().post(ctx, as)
	s.metrics.latency.Observe(time.Since(begin).Seconds())
	if err == nil {
		s.metrics.sent.Add(n)
		s.lastErr = ""
		return nil
	}
	s.metrics.errors.Add(n)
	s.log(err, len(as))
	var r *refusal
	switch {
	case !errors.As(err, &r):
		return as
	case r.stored:
		return nil
	case len(as) == 1:
		s.metrics.dropped.Inc()
		return nil
	}
	half := len(as) / 2
	unsent = s.send(ctx, as[:half])
	return append(unsent, s.send(ctx, as[half:])...)
}

// log says each fault once and not at each try.
func (s *sender) log(err error, n int) {
	text := err.Error()
	if text == s.lastErr {
		return
	}
	s.lastErr = text
	level.Warn(s.logger).Log("msg", "alerts were not taken", "count", n, "err", text)
}
