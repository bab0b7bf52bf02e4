// Package lru remembers a bounded number of values: where there is room for no
// more, the one goes that was neither asked for nor set for longest.
package lru

import (
	"container/list"
	"iter"
)

// Map is a map of a bounded number of entries. It is not safe for concurrent
// use.
type Map[K comparable, V any] struct {
	limit   int
	entries map[K]*list.Element // each of an *entry
	used    list.List           // the latest first
}

type entry[K comparable, V any] struct {
	key   K
	value V
}

// New returns an empty map that has room for limit entries, at least one.
func New[K comparable, V any](limit int) *Map[K, V] {
	return &Map[K, V]{limit: max(limit, 1), entries: map[K]*list.Element{}}
}

// Get returns the value of a key, which is used by that.
func (m *Map[K, V]) Get(k K) (v V, ok bool) {
	if e, ok := m.entries[k]; ok {
		m.used.MoveToFront(e)
		return e.Value.(*entry[K, V]).value, true
	}
	return v, false
}

// Peek returns the value of a key, which is not used by that.
func (m *Map[K, V]) Peek(k K) (v V, ok bool) {
	if e, ok := m.entries[k]; ok {
		return e.Value.(*entry[K, V]).value, true
	}
	return v, false
}

// Set gives a key a value, and tells whether another key had to go for it.
func (m *Map[K, V]) Set(k K, v V) (evicted bool) {
	if e, ok := m.entries[k]; ok {
		m.used.MoveToFront(e)
		e.Value.(*entry[K, V]).value = v
		return false
	}
	if m.Len() == m.limit {
		m.Delete(m.used.Back().Value.(*entry[K, V]).key)
		evicted = true
	}
	m.entries[k] = m.used.PushFront(&entry[K, V]{k, v})
	return evicted
}

// Delete forgets a key.
func (m *Map[K, V]) Delete(k K) {
	if e, ok := m.entries[k]; ok {
		m.used.Remove(e)
		delete(m.entries, k)
	}
}

// Len returns how many keys have a value.
func (m *Map[K, V]) Len() int { return len(m.entries) }

// All yields all entries, the longest unused first, and uses none. None may be
// set, got or deleted meanwhile.
func (m *Map[K, V]) All() iter.Seq2[K, V] {
	return func(yield func(K, V) bool) {
		for e := m.used.Back(); e != nil; e = e.Prev() {
			if kv := e.Value.(*entry[K, V]); !yield(kv.key, kv.value) {
				return
			}
		}
	}
}
