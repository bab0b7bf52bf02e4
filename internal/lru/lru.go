// Package lru remembers a bounded number of values: where there is room for no
// more, the one goes that was neither asked for nor set for longest.
package lru

import "iter"

// Map is a map of a bounded number of entries. It is not safe for concurrent
// use.
type Map[K comparable, V any] struct {
	limit   int
	entries map[K]*entry[K, V]
	ring    entry[K, V] // its older is the latest used, its newer the longest unused
}

// entry has its links in itself: container/list takes 48 bytes more for each.
type entry[K comparable, V any] struct {
	key          K
	value        V
	newer, older *entry[K, V]
}

// New returns an empty map that has room for limit entries, at least one.
func New[K comparable, V any](limit int) *Map[K, V] {
	m := &Map[K, V]{limit: max(limit, 1), entries: map[K]*entry[K, V]{}}
	m.ring.newer, m.ring.older = &m.ring, &m.ring
	return m
}

// Get returns the value of a key, which is used by that.
func (m *Map[K, V]) Get(k K) (v V, ok bool) {
	if e, ok := m.entries[k]; ok {
		e.unlink()
		m.use(e)
		return e.value, true
	}
	return v, false
}

// Peek returns the value of a key, which is not used by that.
func (m *Map[K, V]) Peek(k K) (v V, ok bool) {
	if e, ok := m.entries[k]; ok {
		return e.value, true
	}
	return v, false
}

// Set gives a key a value, and tells whether another key had to go for it.
func (m *Map[K, V]) Set(k K, v V) (evicted bool) {
	if e, ok := m.entries[k]; ok {
		e.unlink()
		m.use(e)
		e.value = v
		return false
	}
	if m.Len() == m.limit {
		m.Delete(m.ring.newer.key)
		evicted = true
	}
	e := &entry[K, V]{key: k, value: v}
	m.entries[k] = e
	m.use(e)
	return evicted
}

// Delete forgets a key.
func (m *Map[K, V]) Delete(k K) {
	if e, ok := m.entries[k]; ok {
		e.unlink()
		delete(m.entries, k)
	}
}

// Len returns how many keys have a value.
func (m *Map[K, V]) Len() int { return len(m.entries) }

// All yields all entries, the longest unused first, and uses none. None may be
// set, got or deleted meanwhile.
func (m *Map[K, V]) All() iter.Seq2[K, V] {
	return func(yield func(K, V) bool) {
		for e := m.ring.newer; e != &m.ring; e = e.newer {
			if !yield(e.key, e.value) {
				return
			}
		}
	}
}

// use puts an entry into the ring as the latest used.
func (m *Map[K, V]) use(e *entry[K, V]) {
	e.newer, e.older = &m.ring, m.ring.older
	e.newer.older, e.older.newer = e, e
}

func (e *entry[K, V]) unlink() { e.newer.older, e.older.newer = e.older, e.newer }
