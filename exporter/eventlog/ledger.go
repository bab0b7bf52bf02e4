package eventlog

import (
	"context"
	"sync"
)

// maxQueued bounds the bytes that wait, whatever their number: a message may
// have a megabyte.
const maxQueued = 64 << 20

// ledger tells how many records are on their way to an output, and so whether one
// more may set out. It is safe for concurrent use.
type ledger struct {
	mu       sync.Mutex
	capacity int
	room     int           // bytes
	waiting  int           // records that nobody writes yet
	bytes    int           // … of them
	put      uint64        // how many ever set out
	done     uint64        // … and are written, or given up
	moved    chan struct{} // closed when done has moved
}

func newLedger(capacity int) *ledger {
	return &ledger{capacity: capacity, room: maxQueued, moved: make(chan struct{})}
}

func (l *ledger) limit(capacity int) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.capacity = capacity
}

// admit tells whether there is room for a record of a size, and if so takes it.
func (l *ledger) admit(size int) bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.waiting >= l.capacity || l.bytes+size > l.room && l.waiting > 0 {
		return false
	}
	l.waiting++
	l.bytes += size
	l.put++
	return true
}

// begin tells that records are being written: others may wait in their place.
func (l *ledger) begin(batch []entry) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.waiting -= len(batch)
	for i := range batch {
		l.bytes -= batch[i].size
	}
}

// finish tells that n records are written or given up.
func (l *ledger) finish(n int) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.done += uint64(n) //nolint:gosec // a length
	close(l.moved)
	l.moved = make(chan struct{})
}

// settle waits until all that was admitted before is finished.
func (l *ledger) settle(ctx context.Context) error {
	l.mu.Lock()
	want := l.put
	l.mu.Unlock()
	for {
		l.mu.Lock()
		done, moved := l.done, l.moved
		l.mu.Unlock()
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
func (l *ledger) len() int {
	l.mu.Lock()
	defer l.mu.Unlock()
	return int(l.put - l.done) //nolint:gosec // never more than the capacity and a batch
}

func (l *ledger) cap() int {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.capacity
}
