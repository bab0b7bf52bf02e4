package count

import (
	"cmp"
	"slices"
	"time"
)

// State is what a memory knows of one name, to be kept over a restart.
type State struct {
	Key     uint64 // of namespace and name
	UID     uint64 // hash
	Version uint64
	Count   int64
	First   int64 // Unix microseconds
	Last    int64
	Gone    int64 // Unix nanoseconds; 0 while it lives
}

// Restore returns a memory with what another one knew.
func Restore(since time.Time, names []State) *Memory {
	m := NewMemory(since)
	for _, s := range names {
		m.entries[s.Key] = entry{s.UID, s.Version, s.Count, s.First, s.Last, s.Gone, 0}
		if s.Gone != 0 {
			m.graves = append(m.graves, grave{s.Key, s.Gone})
		}
	}
	slices.SortFunc(m.graves, func(a, b grave) int { return cmp.Compare(a.gone, b.gone) })
	return m
}

// Since returns when the watch without a gap began.
func (m *Memory) Since() time.Time { return m.since }

// Track makes the memory note which names change, for [Memory.Changes].
func (m *Memory) Track() { m.changed = make(map[uint64]struct{}) }

// Changes returns the names that have changed since the last call.
func (m *Memory) Changes() []State {
	out := make([]State, 0, len(m.changed))
	for k := range m.changed {
		if e, ok := m.entries[k]; ok {
			out = append(out, e.state(k))
		}
	}
	clear(m.changed)
	return out
}

// All returns what is known of all names.
func (m *Memory) All() []State {
	out := make([]State, 0, len(m.entries))
	for k, e := range m.entries {
		out = append(out, e.state(k))
	}
	return out
}

func (e *entry) state(k uint64) State {
	return State{k, e.uid, e.version, e.count, e.first, e.last, e.gone}
}
