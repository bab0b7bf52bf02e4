// Package dedup remembers what each device was last told of each alert group,
// so that it is not told twice.
//
// Alertmanager delivers at least once: it sends a group again when an answer
// was lost, at once or a group_interval later, and a pair of Alertmanagers may
// both send it. None of this should make a phone ring. What should is a
// reminder after repeat_interval, though its alerts are the same.
package dedup

import (
	"context"
	"sync"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/kubebark/kubebark/internal/lru"
)

const (
	// pairGap is how far apart a pair of Alertmanagers may bring the same.
	pairGap = 15 * time.Second
	// startGap is how far apart they may believe that it began, and how long
	// after its beginning a trouble that is back is no news yet.
	startGap = time.Minute
)

// State is what a device is told of a group.
type State struct {
	Digest string    // of the alerts and their states
	Newest time.Time // when the newest of them began
	Firing []Alert   // those that fire
	Repeat bool      // Alertmanager calls it a repeat
	Over   bool      // nothing of the group fires any more
}

// same tells whether b is the same news as a.
func (a State) same(b State) bool {
	return a.Digest == b.Digest && b.Newest.Sub(a.Newest) <= startGap
}

type key struct{ device, id string }

// memory is what a device was last told of a group.
type memory struct {
	State
	at    time.Time
	gap   time.Duration // since it was told the same before; 0 if it was not
	heard []heard       // the alerts that it knows to fire, or did lately
}

// Store is what devices were told. It is safe for concurrent use.
type Store struct {
	mu       sync.Mutex
	window   time.Duration
	memories *lru.Map[key, memory]
	busy     map[string]chan struct{} // ids that are being pushed

	journal  *journal // nil if nothing is kept
	evicted  prometheus.Counter
	failures prometheus.Counter
}

// New returns an empty store for size devices' groups. Forgetting one costs a
// second ring at worst.
func New(size int, reg prometheus.Registerer) *Store {
	s := &Store{
		memories: lru.New[key, memory](size), busy: map[string]chan struct{}{},
		evicted: prometheus.NewCounter(prometheus.CounterOpts{
			Name: "alertmanager_bark_dedup_evictions_total",
			Help: "Memories of what a device was last told that were given up for lack of room.",
		}),
		failures: prometheus.NewCounter(prometheus.CounterOpts{
			Name: "alertmanager_bark_state_write_failures_total",
			Help: "Failed attempts to keep in the state file what a device was told.",
		}),
	}
	reg.MustRegister(s.evicted, s.failures, prometheus.NewGaugeFunc(prometheus.GaugeOpts{
		Name: "alertmanager_bark_dedup_entries",
		Help: "Memories of what a device was last told.",
	}, func() float64 {
		return float64(s.len())
	}))
	return s
}

func (s *Store) len() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.memories.Len()
}

// SetWindow sets for how long a device is not told the same again.
func (s *Store) SetWindow(d time.Duration) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.window = d
}

// Lock keeps others from pushing the group of this id until unlock is called,
// so that of two who bring the same at once the second finds what the first
// has told.
func (s *Store) Lock(ctx context.Context, id string) (unlock func(), err error) {
	for {
		s.mu.Lock()
		wait, taken := s.busy[id]
		if !taken {
			done := make(chan struct{})
			s.busy[id] = done
			s.mu.Unlock()
			return func() {
				s.mu.Lock()
				delete(s.busy, id)
				s.mu.Unlock()
				close(done)
			}, nil
		}
		s.mu.Unlock()
		select {
		case <-wait:
		case <-ctx.Done():
			return nil, ctx.Err()
		}
	}
}

// Has tells whether the device was told just this lately.
func (s *Store) Has(device, id string, st State) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	last, ok := s.memories.Get(key{device, id})
	if !ok || !last.same(st) {
		return false
	}
	return time.Since(last.at) < s.limit(last, st)
}

// Open tells whether the device was told of a trouble and not yet that it is
// over, and when it last was.
func (s *Store) Open(device, id string) (at time.Time, open bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	last, ok := s.memories.Peek(key{device, id})
	return last.at, ok && !last.Over
}

// limit is for how long the same is not told again. A repeat after something
// else is news. After a repeat, it is one more only when about as much time
// has passed as between that and the one before; else it is the same again.
func (s *Store) limit(last memory, st State) time.Duration {
	switch {
	case !st.Repeat:
		return s.window
	case !last.Repeat:
		return 0
	case last.gap > 0:
		return min(s.window, max(last.gap/2, pairGap))
	}
	return s.window
}

// Record takes in that the device was told so, and keeps it where there is a
// file for that. The error is the file's; the store knows all the same.
func (s *Store) Record(device, id string, st State) error {
	k, now := key{device, id}, memory{State: st, at: time.Now()}
	s.mu.Lock()
	last, ok := s.memories.Peek(k)
	if ok && last.same(st) {
		now.gap = now.at.Sub(last.at)
	}
	now.heard = hear(last.heard, st.Firing, now.at, s.window)
	now.Firing = nil // it is in there
	s.set(k, now)
	s.mu.Unlock()
	return s.keep(newEntry(k, now))
}

func (s *Store) set(k key, m memory) {
	if s.memories.Set(k, m) {
		s.evicted.Inc()
	}
}

// entries returns what devices were told, the longest unused first.
func (s *Store) entries() []entry {
	s.mu.Lock()
	defer s.mu.Unlock()
	all := make([]entry, 0, s.memories.Len())
	for k, m := range s.memories.All() {
		all = append(all, newEntry(k, m))
	}
	return all
}

// restore takes in an entry of a file.
func (s *Store) restore(e entry) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if e.At.After(time.Now()) {
		return // of a clock that was wrong; it would hold back for too long
	}
	s.set(key{e.Device, e.ID}, e.memory())
}
