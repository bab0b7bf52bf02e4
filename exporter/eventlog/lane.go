package eventlog

import (
	"context"
	"sync"
	"sync/atomic"
	"time"

	"github.com/go-kit/log"
	"github.com/go-kit/log/level"

	"github.com/kubebark/kubebark/exporter/eventlog/record"
)

// entry is a record on its way to an output.
type entry struct {
	r    *record.Record // shared with the other output
	n    int64          // the occurrences that this output is to have of it
	size int
}

// record returns the record as the output is to have it.
func (e *entry) record() *record.Record {
	if e.n == e.r.Occurrences {
		return e.r
	}
	r := *e.r
	r.Occurrences = e.n
	return &r
}

// destination is what a lane leads to.
type destination interface {
	// deliver writes records, in their order. It returns when each is written or,
	// once ctx is done, given up; both it counts.
	deliver(ctx context.Context, batch []entry)
	// close is called at the end.
	close() error
}

// lane leads records to one output, in a goroutine of its own, so that no output
// waits for another.
type lane struct {
	ledger *ledger
	queue  *queue[entry]
	to     destination
	health *health
	grace  time.Duration // how long it may go on delivering at the end
	full   func()        // counts a record for which there is no room
}

func newLane(capacity int, to destination, h *health, full func()) *lane {
	return &lane{ledger: newLedger(capacity), queue: newQueue[entry](), to: to, health: h, full: full}
}

// run delivers until ctx is done, and then what is left.
func (a *lane) run(ctx context.Context) error {
	end, cancel := context.WithCancel(context.WithoutCancel(ctx))
	defer cancel()
	stop := context.AfterFunc(ctx, func() {
		t := time.NewTimer(a.grace)
		defer t.Stop()
		select {
		case <-t.C:
			cancel()
		case <-end.Done():
		}
	})
	defer stop()
	for {
		batch := a.queue.take(ctx, batchSize)
		if len(batch) == 0 {
			return a.to.close()
		}
		a.ledger.begin(batch)
		a.to.deliver(end, batch)
		a.ledger.finish(len(batch))
	}
}

// settle waits until all that was admitted before is delivered. While an output
// fails it does not wait: counting does not stop for the log.
func (a *lane) settle(ctx context.Context) bool {
	return !a.health.failing.Load() && a.ledger.settle(ctx) == nil
}

// health tells in the program's log how an output is, once for each change.
type health struct {
	logger  log.Logger
	bad     string // what is said of it
	good    string
	failing atomic.Bool // the last try failed

	mu   sync.Mutex
	said string // the last error that was logged
}

// fault logs an error if it is a new one.
func (h *health) fault(err error) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if text := err.Error(); text != h.said {
		h.said = text
		level.Error(h.logger).Log("msg", h.bad, "err", err)
	}
}

// well tells that a try succeeded.
func (h *health) well() {
	if !h.failing.CompareAndSwap(true, false) {
		return
	}
	h.mu.Lock()
	defer h.mu.Unlock()
	h.said = ""
	level.Info(h.logger).Log("msg", h.good)
}
