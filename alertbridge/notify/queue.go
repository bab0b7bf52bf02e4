package notify

import (
	"container/list"
	"slices"
	"sync"
)

// queue is a bounded queue that holds one state of an alert at most.
type queue struct {
	ready chan struct{} // holds a token while there may be something to take

	mu       sync.Mutex
	capacity int
	order    list.List // of Alert, the oldest in front
	place    map[Fingerprint]*list.Element
}

func newQueue(capacity int) *queue {
	return &queue{ready: make(chan struct{}, 1), capacity: capacity, place: map[Fingerprint]*list.Element{}}
}

// push adds alerts at the end, or puts them in the place of an older state of
// theirs. It returns how many of the oldest had to go.
func (q *queue) push(as []Alert) (dropped int) {
	q.mu.Lock()
	defer q.mu.Unlock()
	for _, a := range as {
		if e, ok := q.place[a.Fingerprint]; ok {
			e.Value = a
			continue
		}
		q.place[a.Fingerprint] = q.order.PushBack(a)
	}
	return q.trim()
}

// putBack adds what could not be sent in front, where no newer state has come.
func (q *queue) putBack(as []Alert) (dropped int) {
	q.mu.Lock()
	defer q.mu.Unlock()
	for _, a := range slices.Backward(as) {
		if _, ok := q.place[a.Fingerprint]; !ok {
			q.place[a.Fingerprint] = q.order.PushFront(a)
		}
	}
	return q.trim()
}

// trim drops the oldest beyond the capacity and offers the rest.
func (q *queue) trim() (dropped int) {
	for q.order.Len() > q.capacity {
		q.removeFront()
		dropped++
	}
	if q.order.Len() > 0 {
		select {
		case q.ready <- struct{}{}:
		default:
		}
	}
	return dropped
}

func (q *queue) removeFront() Alert {
	a := q.order.Remove(q.order.Front()).(Alert)
	delete(q.place, a.Fingerprint)
	return a
}

// take removes up to n of the oldest.
func (q *queue) take(n int) []Alert {
	q.mu.Lock()
	defer q.mu.Unlock()
	var as []Alert
	for len(as) < n && q.order.Len() > 0 {
		as = append(as, q.removeFront())
	}
	q.trim()
	return as
}

func (q *queue) len() int {
	q.mu.Lock()
	defer q.mu.Unlock()
	return q.order.Len()
}

// setCapacity changes the capacity.
func (q *queue) setCapacity(n int) (dropped int) {
	q.mu.Lock()
	defer q.mu.Unlock()
	q.capacity = n
	return q.trim()
}
