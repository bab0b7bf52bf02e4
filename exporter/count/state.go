package count

import (
	"cmp"
	"slices"
	"time"
)

// State is what a memory knows of one name, to be kept over a restart. It is of
// a fixed size, for there are many.
type State struct {
	Key     uint64 // of namespace and name
	Version uint64
	Last    int64  // Unix microseconds
	First   uint32 // the low half of likewise
	UID     uint32 // hash
	Count   int32
	Gone    uint32 // Unix seconds; 0 while it lives
}

// Restore returns a memory with what another one knew.
func Restore(since, forgotten time.Time, names []State) *Memory {
	m := NewMemory(since)
	if !forgotten.IsZero() {
		m.forgotten = seconds(forgotten)
	}
	for _, s := range names {
		e := entry{
			version: s.Version, last: s.Last, first: s.First, uid: s.UID, count: narrow(int64(s.Count)),
		}
		if s.Gone != 0 {
			e.mark = -seconds(time.Unix(int64(s.Gone), 0))
			m.graves = append(m.graves, grave{s.Key, e.gone()})
		}
		m.entries.Set(s.Key, e)
	}
	slices.SortFunc(m.graves, func(a, b grave) int { return cmp.Compare(a.gone, b.gone) })
	return m
}

// Since returns when the watch without a gap began.
func (m *Memory) Since() time.Time { return m.since }

// Forgotten returns the latest end of an object that is no longer remembered;
// the zero time if there is none.
func (m *Memory) Forgotten() time.Time {
	if m.forgotten == 0 {
		return time.Time{}
	}
	return time.Unix(epoch+int64(m.forgotten), 0)
}

// Track makes the memory note which names change, for [Memory.Changes].
func (m *Memory) Track() { m.changed = make(map[uint64]struct{}) }

// Changes returns the names that have changed since the last call.
func (m *Memory) Changes() []State {
	out := make([]State, 0, len(m.changed))
	for k := range m.changed {
		if e, ok := m.entries.Get(k); ok {
			out = append(out, e.state(k))
		}
	}
	clear(m.changed)
	return out
}

// All returns what is known of all names.
func (m *Memory) All() []State {
	out := make([]State, 0, m.entries.Len())
	for k, e := range m.entries.All() {
		out = append(out, e.state(k))
	}
	return out
}

func (e *entry) state(k uint64) State {
	st := State{Key: k, Version: e.version, Last: e.last, First: e.first, UID: e.uid, Count: e.count}
	if e.mark < 0 {
		st.Gone = epoch + uint32(e.gone()) //nolint:gosec // positive
	}
	return st
}
