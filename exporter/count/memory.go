// Package count turns states of Event objects into numbers of occurrences.
//
// A recorder writes repeats as a higher count on the same object, held-back
// ones in jumps, and an object that has expired comes back under its name with
// the old count and one more. So an object's occurrences are told by comparing
// its count with the one remembered under its namespace and name, never by
// counting writes. [Memory] remembers, also for a while what is gone.
package count

import (
	"hash/fnv"
	"math"
	"time"

	"github.com/kubebark/kubebark/exporter/occurrence"
	"github.com/kubebark/kubebark/internal/table"
)

const (
	// tombstoneTTL bounds how long a gone object is remembered. Recorders
	// forget a repeat only by need of space, so one may come back after days.
	tombstoneTTL = 24 * time.Hour
	// tombstoneLimit bounds how many are; the longest gone are forgotten first.
	tombstoneLimit = 100_000
	// clockSkew is how far the clocks of reporters may be behind ours when
	// their times are held against the start of the watch; times in events
	// have whole seconds.
	clockSkew = 5 * time.Second
)

// Change says in which way an event came.
type Change uint8

// The ways in which an event comes.
const (
	Seen    Change = iota // on the watch, added or modified
	Found                 // in a list after a gap
	Initial               // in the first list: it was there before
	Gone                  // deleted or expired, with its last content
	History               // from a file that is the whole history
)

// Delta is how many occurrences an event adds to what was known.
type Delta struct {
	New int64
	// Inexact tells that the number is an assumption: the object is from
	// before what is remembered, and how many of its occurrences are new cannot
	// be known; one is.
	Inexact bool
}

// Memory remembers counts by namespace and name. It is not safe for
// concurrent use.
type Memory struct {
	since   time.Time // when the watch without a gap began
	entries table.Map[entry]
	graves  []grave             // in the order of dying
	list    int32               // number of the list under way or last done
	changed map[uint64]struct{} // nil if nobody wants to know
	// forgotten is the latest end of an object whose tombstone was dropped, as
	// in [entry.gone]; 0 if none was.
	forgotten int32
}

// entry is small, for there is one for each event in the cluster. What is only
// compared within one name is kept in 32 bits.
type entry struct {
	version uint64
	last    int64  // Unix microseconds
	first   uint32 // likewise, their low half: two years until it repeats in whole seconds
	uid     uint32 // hash
	count   int32  // as in the API
	// mark of a living one is the number of the last list that it was in, or
	// was born after; of one that is gone, minus the time of its end.
	mark int32
}

// newEntry returns the entry of an event that is in a list, or is newer.
func newEntry(e *occurrence.Event, list int32) entry {
	return entry{
		version: e.Version, last: micros(e.Last), first: low(micros(e.First)),
		uid: uidHash(e.UID), count: narrow(e.Count), mark: list,
	}
}

// gone returns when it went, 0 while it lives.
func (e *entry) gone() int32 { return max(0, -e.mark) }

// epoch is when the time of ends begins, in Unix seconds: that of 32 bits then
// lasts until 2068.
const epoch = 946_684_800

// seconds returns a time for [entry.mark], at least 1.
func seconds(t time.Time) int32 {
	return int32(min(max(1, t.Unix()-epoch), math.MaxInt32))
}

// narrow makes a count what it is in the API.
func narrow(n int64) int32 {
	return int32(max(0, min(n, math.MaxInt32)))
}

func low(n int64) uint32 { return uint32(n & math.MaxUint32) }

func uidHash(uid string) uint32 { return uint32(hash(uid) & math.MaxUint32) }

// grave says when a name's object went.
type grave struct {
	key  uint64
	gone int32
}

// NewMemory returns a memory of a watch that begins at since.
func NewMemory(since time.Time) *Memory {
	return &Memory{since: since}
}

// Len returns the number of names remembered, those of gone objects included.
func (m *Memory) Len() int { return m.entries.Len() }

// BeginList tells that a list begins; what it turns out not to hold at
// [Memory.EndList] is gone. What comes after a list may be older than it, or the
// same.
func (m *Memory) BeginList() { m.list++ }

// EndList tells that the list has been observed to its end.
func (m *Memory) EndList(now time.Time) {
	for k, e := range m.entries.All() {
		if e.gone() == 0 && e.mark != m.list {
			m.bury(k, e, now)
		}
	}
	m.forget(now)
}

// Observe takes the state of an event and returns what it adds.
func (m *Memory) Observe(e *occurrence.Event, c Change, now time.Time) Delta {
	k := key(e)
	old, known := m.entries.Get(k)
	if !known && c == Gone {
		return Delta{} // its occurrences were before us
	}
	listed := c == Found || c == Initial
	if known && m.replayed(e, &old, listed) {
		if listed {
			m.alive(k, old)
		}
		return Delta{}
	}
	var d Delta
	n := newEntry(e, m.list)
	switch {
	case !known:
		d.New, d.Inexact = m.firstSight(e, c)
	case listed && e.Version < old.version && n.count < old.count:
		// The cluster was restored. What was counted happened all the same, and
		// the recorder goes on from there.
		n.count, n.last = old.count, max(n.last, old.last)
	default:
		d.New = difference(e, &old)
	}
	m.set(k, n)
	if c == Gone {
		m.bury(k, n, now)
	}
	m.forget(now)
	return d
}

// replayed tells whether the state is one that was observed before, or is older
// than one that was. A list is never older: where it has a lower version, the
// cluster was put back to an older state. Neither is another object under the
// name, unless the one remembered was in the last list or came after it.
func (m *Memory) replayed(e *occurrence.Event, old *entry, listed bool) bool {
	same := uidHash(e.UID) == old.uid
	switch {
	case e.Version == 0 || e.Version > old.version:
		return false
	case listed:
		return same && e.Version == old.version
	}
	return same || m.list > 0 && old.mark == m.list
}

// alive notes that an object is in the list, though nothing about it is new.
func (m *Memory) alive(k uint64, e entry) {
	was := e.mark
	if e.mark = m.list; was < 0 { // as of a restored cluster
		m.set(k, e)
	} else {
		m.entries.Set(k, e) // what is kept of it has not changed
	}
}

// difference is the number of occurrences between two states under one name.
func difference(e *occurrence.Event, old *entry) int64 {
	same, count := uidHash(e.UID) == old.uid, int64(old.count)
	switch {
	case e.Count > count:
		// A repeat, or one after the object's expiry: the recorder went on
		// counting and made it anew.
		return e.Count - count
	case e.Count < count && same:
		return 0 // overwritten by hand; count on from there
	case e.Count < count:
		return e.Count // deleted, and another made under its name
	case same && !e.Counted && micros(e.Last) > old.last:
		// A heuristic: a writer that keeps no count and puts the object anew
		// with a later time tells of one more.
		return 1
	case same:
		return 0 // labels, annotations or the like
	case low(micros(e.First)) == old.first:
		return 0 // the same one, restored or copied
	}
	return e.Count
}

// firstSight is the number of new occurrences of an event whose name is not
// remembered.
func (m *Memory) firstSight(e *occurrence.Event, c Change) (n int64, inexact bool) {
	switch {
	case c == Initial:
		return 0, false // before us
	case c == History, e.Count == 1:
		return e.Count, false
	case !e.First.IsZero() && !e.First.Before(m.since.Add(-clockSkew)) && !m.mayBeForgotten(e):
		return e.Count, false // all on our watch; the first ones were held back
	}
	return 1, true
}

// mayBeForgotten tells whether the event began before the end of one whose name
// was forgotten: it may be that one, come back, and its first occurrences
// counted long since.
func (m *Memory) mayBeForgotten(e *occurrence.Event) bool {
	return m.forgotten != 0 && seconds(e.First) <= m.forgotten
}

func (m *Memory) bury(k uint64, e entry, now time.Time) {
	e.mark = -seconds(now)
	m.set(k, e)
	m.graves = append(m.graves, grave{k, e.gone()})
}

func (m *Memory) set(k uint64, e entry) {
	m.entries.Set(k, e)
	if m.changed != nil {
		m.changed[k] = struct{}{}
	}
}

// forget drops tombstones that are too old or too many.
func (m *Memory) forget(now time.Time) {
	old := seconds(now.Add(-tombstoneTTL))
	for len(m.graves) > 0 && (m.graves[0].gone < old || len(m.graves) > tombstoneLimit) {
		g := m.graves[0]
		m.graves = m.graves[1:]
		// One that came back, or died again, has another time.
		if e, _ := m.entries.Get(g.key); e.gone() == g.gone {
			m.entries.Delete(g.key)
			m.forgotten = max(m.forgotten, g.gone)
		}
	}
}

func micros(t time.Time) int64 {
	if t.IsZero() {
		return 0
	}
	return t.UnixMicro()
}

// key is a hash of 64 bits: with half a million names two collide in one of a
// hundred million clusters.
func key(e *occurrence.Event) uint64 { return hash(e.Namespace, e.Name) }

// hash is the same in every process, for it is kept in state files: who changes
// it changes their version.
func hash(texts ...string) uint64 {
	h := fnv.New64a()
	for _, s := range texts {
		_, _ = h.Write([]byte(s)) // never fails
		_, _ = h.Write([]byte{0}) // no name holds it
	}
	// What differs in the last letter is far apart only now.
	const golden = 0x9e3779b97f4a7c15
	return h.Sum64() * golden
}
