package eventlog

import (
	"context"
	"sync"
)

// queue holds what waits, in order. What may be in it is bounded by whoever adds:
// see [ledger]. It is safe for concurrent use.
type queue[T any] struct {
	ready chan struct{} // tells the one who takes

	mu    sync.Mutex
	items []T
}

func newQueue[T any]() *queue[T] { return &queue[T]{ready: make(chan struct{}, 1)} }

// add puts an item behind the others.
func (q *queue[T]) add(i T) {
	q.mu.Lock()
	defer q.mu.Unlock()
	q.items = append(q.items, i)
	select {
	case q.ready <- struct{}{}:
	default: // it is told already
	}
}

// take waits for items and returns up to most of them; none once ctx is done and
// all are taken.
func (q *queue[T]) take(ctx context.Context, most int) []T {
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

func (q *queue[T]) next(most int) []T {
	q.mu.Lock()
	defer q.mu.Unlock()
	n := min(most, len(q.items))
	batch := make([]T, n)
	copy(batch, q.items)
	clear(q.items[:n]) // their strings are free to go
	q.items = q.items[n:]
	return batch
}
