package eventlog

import (
	"context"
	"sync"
	"time"

	"github.com/kubebark/kubebark/exporter/occurrence"
)

// maxQueued bounds the bytes that wait, whatever their number: a message may
// have a megabyte.
const maxQueued = 64 << 20

// item is an occurrence that waits.
type item struct {
	o  occurrence.Occurrence
	at time.Time // when it was learned of
}

func (i *item) size() int {
	e := &i.o.Event
	return 1024 + len(e.Message) + len(e.Reason) + len(e.Action) + len(e.Object.FieldPath)
}

// queue holds what waits to be written, in order. It is safe for concurrent
// use.
type queue struct {
	ready chan struct{} // tells the one who takes

	mu       sync.Mutex
	items    []item
	bytes    int
	capacity int
	put      uint64        // how many were ever put
	done     uint64        // … and are written, or given up
	moved    chan struct{} // closed when done has moved
}

func newQueue(capacity int) *queue {
	return &queue{ready: make(chan struct{}, 1), capacity: capacity, moved: make(chan struct{})}
}

func (q *queue) limit(capacity int) {
	q.mu.Lock()
	defer q.mu.Unlock()
	q.capacity = capacity
}

// add puts an occurrence behind the others and tells whether there was room.
func (q *queue) add(o *occurrence.Occurrence, now time.Time) bool {
	i := item{o: *o, at: now}
	n := i.size()
	q.mu.Lock()
	defer q.mu.Unlock()
	if len(q.items) >= q.capacity || q.bytes+n > maxQueued && len(q.items) > 0 {
		return false
	}
	q.items = append(q.items, i)
	q.bytes += n
	q.put++
	select {
	case q.ready <- struct{}{}:
	default: // it is told already
	}
	return true
}

// take waits for occurrences and returns up to most of them; none once ctx is
// done and all are taken.
func (q *queue) take(ctx context.Context, most int) []item {
	for {
		if batch := q.next(most); len(batch) > 0 {
			return batch
		}
		select {
		case <-q.ready:
		case <-ctx.Done():
			return q.next(most)
		}
	}
}

func (q *queue) next(most int) []item {
	q.mu.Lock()
	defer q.mu.Unlock()
	n := min(most, len(q.items))
	batch := make([]item, n)
	copy(batch, q.items)
	clear(q.items[:n]) // their strings are free to go
	q.items = q.items[n:]
	for i := range batch {
		q.bytes -= batch[i].size()
	}
	return batch
}

// finish tells that n of those taken are written or given up.
func (q *queue) finish(n int) {
	q.mu.Lock()
	defer q.mu.Unlock()
	q.done += uint64(n) //nolint:gosec // a length
	close(q.moved)
	q.moved = make(chan struct{})
}

// settle waits until all that was put before is finished.
func (q *queue) settle(ctx context.Context) error {
	q.mu.Lock()
	want := q.put
	q.mu.Unlock()
	for {
		q.mu.Lock()
		done, moved := q.done, q.moved
		q.mu.Unlock()
		if done >= want {
			return nil
		}
		select {
		case <-moved:
		case <-ctx.Done():
			return ctx.Err()
		}
	}
}

// len returns how many wait or are being written.
func (q *queue) len() int {
	q.mu.Lock()
	defer q.mu.Unlock()
	return int(q.put - q.done) //nolint:gosec // never more than the capacity and a batch
}
