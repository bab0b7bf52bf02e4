package series

import (
	"sync"
	"time"
)

// State is a series as it is kept over a restart.
type State struct {
	Key     Key
	Value   int64
	Created time.Time
	Last    time.Time // latest occurrence
	Touched time.Time // when it was last added to
	// Mature tells that its 0 has been seen, so that it may show more.
	Mature bool
	// Served is how much of Value a scrape may have shown.
	Served int64
}

// durability is what the store knows about what is safe on the disk.
type durability struct {
	on      bool // scrapes show only what is durable
	hidden  bool // scrapes show no occurrences at all
	dirty   map[Key]struct{}
	lock    sync.Locker // held while values become durable and while they are shown
	onServe func()
	unsaid  bool // something durable has not been announced to onServe
}

// KeepDurable makes scrapes show only what [Store.Durable] has said is safe
// from a crash: a counter that goes back is counted twice by Prometheus. Before
// a scrape that shows what was not shown before it calls serve. It holds lock
// from then until all that it shows is fixed; who writes the file holds it from
// before the write until Durable is told.
func (s *Store) KeepDurable(lock sync.Locker, serve func()) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.durability = durability{on: true, dirty: make(map[Key]struct{}), lock: lock, onServe: serve}
}

// Hide keeps occurrences out of scrapes until [Store.Reveal]: while it is not
// known what was missed, a value would be one of no moment.
func (s *Store) Hide() { s.setHidden(true) }

// Reveal ends what [Store.Hide] began.
func (s *Store) Reveal() { s.setHidden(false) }

func (s *Store) setHidden(v bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.durability.hidden = v
}

// Restore takes series that another run has left. To a target that is another
// one for Prometheus they are new: it begins at what the old one has counted
// but not shown.
func (s *Store) Restore(states []State, sameTarget bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	now := time.Now()
	for _, st := range states {
		sr := &series{
			value: st.Value, durable: st.Value, created: st.Created, last: st.Last, touched: st.Touched,
			shape: st.Key.shape(), mature: st.Mature, stored: true, durableMature: st.Mature,
		}
		if st.Mature {
			sr.scraped, sr.shown = st.Touched, st.Served
		}
		if !sameTarget {
			left := st.Value - st.Served
			if left <= 0 {
				continue
			}
			sr = &series{value: left, created: now, last: st.Last, touched: st.Touched, shape: st.Key.shape()}
		}
		if st.Key.Reason == otherReason {
			s.overflow[st.Key] = sr
		} else {
			s.series[st.Key] = sr
			s.namespaces[st.Key.Namespace]++
		}
		if !sameTarget {
			s.touch(st.Key)
		}
	}
}

// touch notes that a series differs from what is durable.
func (s *Store) touch(k Key) {
	if s.durability.on {
		s.durability.dirty[k] = struct{}{}
	}
}

// Changes returns the series that differ from what is durable. Unless
// [Store.Durable] is told of them, they are returned again.
func (s *Store) Changes() []State {
	s.mu.Lock()
	defer s.mu.Unlock()
	out := make([]State, 0, len(s.durability.dirty))
	for k := range s.durability.dirty {
		sr := s.lookup(k)
		if sr == nil {
			delete(s.durability.dirty, k) // expired
			continue
		}
		out = append(out, sr.state(k))
	}
	return out
}

// All returns all series.
func (s *Store) All() []State {
	s.mu.Lock()
	defer s.mu.Unlock()
	out := make([]State, 0, len(s.series)+len(s.overflow))
	for _, m := range []map[Key]*series{s.series, s.overflow} {
		for k, sr := range m {
			out = append(out, sr.state(k))
		}
	}
	return out
}

// Durable tells that these states are safe from a crash. The lock of
// [Store.KeepDurable] must be held.
func (s *Store) Durable(states []State) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, st := range states {
		sr := s.lookup(st.Key)
		if sr == nil || !sr.created.Equal(st.Created) {
			continue // expired meanwhile, or another one by now
		}
		sr.stored, sr.durable, sr.durableMature = true, st.Value, st.Mature
		if sr.value == st.Value && sr.mature == st.Mature {
			delete(s.durability.dirty, st.Key)
		}
		s.durability.unsaid = s.durability.unsaid || st.Mature
	}
}

// ShowLive makes scrapes show what has been counted, durable or not, until
// it is called with false: where nothing can be made durable, values that a
// crash could take back are better than ones that stand still.
func (s *Store) ShowLive(live bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.live = live
}

func (s *Store) lookup(k Key) *series {
	if sr := s.series[k]; sr != nil {
		return sr
	}
	return s.overflow[k]
}

func (sr *series) state(k Key) State {
	return State{
		Key: k, Value: sr.value, Created: sr.created, Last: sr.last, Touched: sr.touched,
		Mature: sr.mature, Served: sr.shown,
	}
}

// serve returns what a scrape shows, having announced it.
func (s *Store) serve(now time.Time) *view {
	s.mu.Lock()
	lock := s.durability.lock
	s.mu.Unlock()
	if lock == nil {
		return s.view(now)
	}
	lock.Lock()
	defer lock.Unlock()
	s.mu.Lock()
	announce := s.durability.unsaid && !s.durability.hidden
	if announce {
		s.durability.unsaid = false
	}
	s.mu.Unlock()
	if announce {
		s.durability.onServe()
	}
	return s.view(now)
}
