package eventlog

import (
	"context"
	"errors"
	"fmt"
	"sync/atomic"
	"time"

	"github.com/go-kit/log"
	"github.com/go-kit/log/level"

	"github.com/kubebark/kubebark/exporter/eventlog/otlp"
	"github.com/kubebark/kubebark/exporter/eventlog/record"
	"github.com/kubebark/kubebark/internal/backoff"
)

// farewell is how long records are sent on at the end. The program gives all its
// parts 20 seconds.
const farewell = 10 * time.Second

// maxRequest bounds a request by what its records are about to have in bytes. What
// comes of it, twice as much as JSON, is below what Kafka takes as one message and
// far below what collectors take as one request; what alone is larger goes alone, so
// that it is refused alone.
const maxRequest = 400 << 10

// sender sends records in one request; its errors are those of package otlp.
type sender interface {
	Send(ctx context.Context, rs []*record.Record) error
	Shutdown(ctx context.Context) error
}

// remote is the destination that sends records over OTLP.
type remote struct {
	logger  log.Logger
	metrics *remoteMetrics
	health  *health
	client  atomic.Pointer[sender] // a reload replaces it
}

func newRemote(logger log.Logger, m *remoteMetrics) *remote {
	return &remote{logger: logger, metrics: m, health: &health{
		logger: logger, bad: "the event log cannot be sent", good: "the event log is sent again",
	}}
}

// use sends with another client from now on.
func (r *remote) use(s sender) {
	if before := r.client.Swap(&s); before != nil {
		_ = (*before).Shutdown(context.Background()) // it only lets go of connections
	}
}

// deliver implements [destination].
func (r *remote) deliver(ctx context.Context, batch []entry) {
	rs, size := make([]*record.Record, 0, len(batch)), 0
	for i := range batch {
		next := batch[i].record()
		more := bytesOf(next)
		if len(rs) > 0 && size+more > maxRequest {
			r.send(ctx, rs)
			rs, size = rs[:0], 0
		}
		rs, size = append(rs, next), size+more
	}
	r.send(ctx, rs)
}

// bytesOf is about how many bytes a record is sent in.
func bytesOf(r *record.Record) int {
	n := 1024 + len(r.Body)
	r.EachExtra(func(name, value string) { n += len(name) + len(value) })
	return n
}

// send sends records, and does not give up before the end unless they are
// refused. It may be one that is not liked; the halves of those that are refused
// together are sent alone, so that the others go through.
func (r *remote) send(ctx context.Context, rs []*record.Record) {
	pause := backoff.Backoff{Min: 100 * time.Millisecond, Max: 5 * time.Second}
	for {
		err := (*r.client.Load()).Send(ctx, rs)
		var (
			refused *otlp.RefusedError
			partial *otlp.PartialError
			later   *otlp.LaterError
		)
		switch {
		case err == nil:
			r.sent(len(rs))
			return
		case errors.As(err, &partial):
			r.sent(len(rs) - int(partial.Rejected))
			r.refused(rs, int(partial.Rejected), err)
			return
		case errors.As(err, &refused) && len(rs) == 1:
			r.health.well() // somebody answers
			r.refused(rs, 1, err)
			return
		case errors.As(err, &refused):
			r.send(ctx, rs[:len(rs)/2])
			r.send(ctx, rs[len(rs)/2:])
			return
		}
		r.health.failing.Store(true)
		r.metrics.failures.Inc()
		r.health.fault(err)
		if ctx.Err() != nil {
			r.metrics.drop(dropEnd, len(rs))
			return
		}
		wait := pause.Next()
		if errors.As(err, &later) {
			wait = max(wait, min(later.After, time.Minute))
		}
		_ = backoff.Sleep(ctx, wait) // at the end there is one more try
	}
}

func (r *remote) sent(n int) {
	r.metrics.records.Add(float64(n))
	r.health.well()
}

// refused counts and tells of records that will never be taken.
func (r *remote) refused(rs []*record.Record, n int, err error) {
	r.metrics.drop(dropRefused, n)
	kv := []any{"msg", "records of the event log were refused and are dropped", "records", n, "err", err}
	if len(rs) == 1 {
		kv = append(kv, "namespace", rs[0].Namespace, "name", rs[0].Name, "event_id", rs[0].ID)
	}
	level.Error(r.logger).Log(kv...)
}

func (r *remote) close() error {
	if err := (*r.client.Load()).Shutdown(context.Background()); err != nil {
		return fmt.Errorf("event log: %w", err)
	}
	return nil
}
