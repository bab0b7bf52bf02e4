package count

import (
	"iter"
	"math/bits"
	"slices"
)

// table is a map of entries by key, for there may be half a million: Go's map
// doubles its parts when they are full and needs up to 94 bytes for each of
// these entries, this one between 47 and 53. It is open addressing with linear
// probing, in parts that grow one by one, so that the copy of none is large.
// The zero value is ready.
type table struct {
	parts [1 << partBits]part
	n     int
}

type part struct {
	slots []slot
	n     int
}

// slot is free if its key is 0.
type slot struct {
	key uint64
	entry
}

const (
	partBits = 6
	minSlots = 8
	// A part is at most so full; beyond it grows by an eighth.
	fullNum, fullDen = 7, 8
)

// of returns the part that a key belongs to. The key 0 stands for a free slot,
// so its entry is kept as that of 1: another collision among 2^64.
func (t *table) of(key uint64) (*part, uint64) {
	return &t.parts[key>>(64-partBits)], max(key, 1)
}

func (t *table) len() int { return t.n }

func (t *table) get(key uint64) (entry, bool) {
	p, key := t.of(key)
	if len(p.slots) == 0 {
		return entry{}, false
	}
	s := &p.slots[p.find(key)]
	return s.entry, s.key == key
}

func (t *table) set(key uint64, e entry) {
	p, key := t.of(key)
	if len(p.slots) > 0 {
		if s := &p.slots[p.find(key)]; s.key == key {
			s.entry = e
			return
		}
	}
	if (p.n+1)*fullDen > len(p.slots)*fullNum {
		p.grow()
	}
	p.slots[p.find(key)] = slot{key, e}
	p.n++
	t.n++
}

func (t *table) delete(key uint64) {
	p, key := t.of(key)
	if len(p.slots) == 0 {
		return
	}
	i := p.find(key)
	if p.slots[i].key == 0 {
		return
	}
	p.n--
	t.n--
	p.close(i)
}

// all yields all entries. An entry may be set again meanwhile, but not added or
// deleted.
func (t *table) all() iter.Seq2[uint64, entry] {
	return func(yield func(uint64, entry) bool) {
		for p := range t.parts {
			for i := range t.parts[p].slots {
				if s := &t.parts[p].slots[i]; s.key != 0 && !yield(s.key, s.entry) {
					return
				}
			}
		}
	}
}

// home is where a key would be if there were no others: keys are hashes, so
// their bits below those that choose the part spread evenly.
func (p *part) home(key uint64) int {
	hi, _ := bits.Mul64(key<<partBits, uint64(len(p.slots)))
	return int(hi) //nolint:gosec // below the number of slots
}

// find returns the slot of a key, or the free one where it would be.
func (p *part) find(key uint64) int {
	i := p.home(key)
	for p.slots[i].key != 0 && p.slots[i].key != key {
		if i++; i == len(p.slots) {
			i = 0
		}
	}
	return i
}

func (p *part) grow() {
	old := p.slots
	p.slots = slices.Grow([]slot(nil), max(minSlots, len(old)+len(old)/8+1))
	p.slots = p.slots[:cap(p.slots)] // all that the pages have room for
	for i := range old {
		if old[i].key != 0 {
			p.slots[p.find(old[i].key)] = old[i]
		}
	}
}

// close frees a slot and moves up what was put behind it for want of room.
func (p *part) close(free int) {
	n := len(p.slots)
	p.slots[free] = slot{}
	for i := (free + 1) % n; p.slots[i].key != 0; i = (i + 1) % n {
		// What is at home between the free slot and here stays.
		if home := p.home(p.slots[i].key); (i-home+n)%n >= (i-free+n)%n {
			p.slots[free], p.slots[i] = p.slots[i], slot{}
			free = i
		}
	}
}
