// Package table has a map for when there are very many small values, by keys
// that are hashes.
package table

import (
	"iter"
	"math/bits"
	"slices"
)

// Map is a map by hashes of 64 bits, for there may be half a million entries:
// Go's map doubles its parts when they are full, and then has much room that is
// free. Here the entries lie close together in chunks that are never copied, and
// an index of five bytes a slot tells where; it grows in parts, one by one. A
// value of 32 bytes takes between 46 and 48, in Go's map up to 94. Where values
// have no pointers the garbage collector looks through nothing.
//
// The zero value is ready. It is not safe for concurrent use.
type Map[V any] struct {
	chunks []*chunk[V] // full but for the last, and perhaps one more that is free
	n      int
	parts  [1 << partBits]part
}

const (
	// perChunk makes the chunks of a power of two, or of that and a quarter, as the
	// allocator has them.
	perChunk = 256
	partBits = 6
	minSlots = 8
	// A part of the index is at most so full; beyond it grows by an eighth.
	fullNum, fullDen = 7, 8
)

type chunk[V any] [perChunk]slot[V]

type slot[V any] struct {
	key   uint64
	value V
}

// part is the index of the keys that begin with the same bits: open addressing
// with linear probing. What slots hold is told apart by a tag, so that the
// entries that are looked at are few.
type part struct {
	tags []uint8  // 0 for a free slot
	at   []uint32 // the entries' numbers
	n    int
}

// tag is of bits that choose neither the part nor the slot.
func tag(key uint64) uint8 { return max(uint8(key&0xff), 1) }

func (m *Map[V]) part(key uint64) *part { return &m.parts[key>>(64-partBits)] }

func (m *Map[V]) slot(i uint32) *slot[V] { return &m.chunks[i/perChunk][i%perChunk] }

// Len returns the number of entries.
func (m *Map[V]) Len() int { return m.n }

// Get returns the value of a key, and whether there is one.
func (m *Map[V]) Get(key uint64) (v V, ok bool) {
	p := m.part(key)
	if i, ok := m.find(p, key); ok {
		return m.slot(p.at[i]).value, true
	}
	return v, false
}

// Set gives a key a value.
func (m *Map[V]) Set(key uint64, v V) {
	p := m.part(key)
	i, ok := m.find(p, key)
	if ok {
		m.slot(p.at[i]).value = v
		return
	}
	if (p.n+1)*fullDen > len(p.tags)*fullNum {
		m.grow(p)
		i, _ = m.find(p, key)
	}
	if m.n == len(m.chunks)*perChunk {
		m.chunks = append(m.chunks, new(chunk[V]))
	}
	at := uint32(m.n) //nolint:gosec // memory ends before numbers do
	*m.slot(at) = slot[V]{key, v}
	p.tags[i], p.at[i] = tag(key), at
	p.n++
	m.n++
}

// Delete forgets a key.
func (m *Map[V]) Delete(key uint64) {
	p := m.part(key)
	i, ok := m.find(p, key)
	if !ok {
		return
	}
	// The last entry goes where this one was.
	at, last := p.at[i], uint32(m.n-1) //nolint:gosec // there is one
	if at != last {
		moved := m.slot(last)
		q := m.part(moved.key)
		j, _ := m.find(q, moved.key)
		q.at[j], *m.slot(at) = at, *moved
	}
	*m.slot(last) = slot[V]{}
	p.n--
	m.n--
	m.close(p, i)
	// One chunk stays for the next that come.
	if keep := m.n/perChunk + 2; keep < len(m.chunks) {
		m.chunks = slices.Delete(m.chunks, keep, len(m.chunks))
	}
}

// All yields all entries. Those that are there may be set again meanwhile, but
// none be added or deleted.
func (m *Map[V]) All() iter.Seq2[uint64, V] {
	return func(yield func(uint64, V) bool) {
		for i := range m.n {
			if s := m.slot(uint32(i)); !yield(s.key, s.value) {
				return
			}
		}
	}
}

// home is where a key would be if there were no others.
func (p *part) home(key uint64) int {
	hi, _ := bits.Mul64(key<<partBits, uint64(len(p.tags)))
	return int(hi) //nolint:gosec // below the number of slots
}

// find returns the slot of a key, or the free one where it would be. There is
// none in a part without slots.
func (m *Map[V]) find(p *part, key uint64) (i int, ok bool) {
	if len(p.tags) == 0 {
		return 0, false
	}
	for i, t := p.home(key), tag(key); ; {
		switch p.tags[i] {
		case 0:
			return i, false
		case t:
			if m.slot(p.at[i]).key == key {
				return i, true
			}
		}
		if i++; i == len(p.tags) {
			i = 0
		}
	}
}

func (m *Map[V]) grow(p *part) {
	tags, at := p.tags, p.at
	p.at = slices.Grow([]uint32(nil), max(minSlots, len(at)+len(at)/8+1))
	p.at = p.at[:cap(p.at)] // all that the pages have room for
	p.tags = make([]uint8, len(p.at))
	for i, t := range tags {
		if t != 0 {
			j := p.home(m.slot(at[i]).key)
			for p.tags[j] != 0 {
				if j++; j == len(p.tags) {
					j = 0
				}
			}
			p.tags[j], p.at[j] = t, at[i]
		}
	}
}

// close frees a slot and moves up what was put behind it for want of room.
func (m *Map[V]) close(p *part, free int) {
	n := len(p.tags)
	p.tags[free] = 0
	for i := (free + 1) % n; p.tags[i] != 0; i = (i + 1) % n {
		// What is at home between the free slot and here stays.
		if home := p.home(m.slot(p.at[i]).key); (i-home+n)%n >= (i-free+n)%n {
			p.tags[free], p.at[free] = p.tags[i], p.at[i]
			p.tags[i] = 0
			free = i
		}
	}
}
