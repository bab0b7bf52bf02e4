package history

import (
	"encoding/binary"
	"hash/maphash"
	"slices"
	"sync"
	"time"

	"github.com/kubebark/kubebark/exporter/occurrence"
)

const (
	perObject  = 20    // events of one object
	maxEvents  = 5_000 // of all
	maxMessage = 500   // bytes of a message
	maxSpare   = 64    // pieces of memory for texts
	keepFor    = 6 * time.Hour
)

// entry is one event as it was last heard of.
type entry struct {
	Type      string
	Reason    string
	Message   string
	Component string
	Host      string
	Object    occurrence.Object // without its UID and API version
	Workload  string
	Count     int64     // occurrences that the event stands for
	First     time.Time // by the event's own account
	Last      time.Time // when the latest occurrence was
}

// kept is an entry as it is kept: its texts are one piece of memory, which
// keeps nothing else alive and which a repeat writes over.
type kept struct {
	event       uint64 // hash of the Event object's UID and name
	count       int64
	first, last int64 // Unix microseconds, 0 for none
	texts       []byte
}

// life is what is kept of an object. One that is made anew under the same name
// goes on where the other was.
type life struct {
	object       uint64 // hash
	events       []kept // the one that was heard of last is last
	newer, elder *life
}

// History keeps events. It is an [occurrence.Sink].
type History struct {
	seed maphash.Seed

	mu      sync.Mutex
	lives   map[uint64]*life
	order   life // its elder is the object that was heard of last, its newer the one that was not for longest
	entries int
	texts   []byte   // of the entry that is being made
	spare   [][]byte // of entries that went, for those to come
}

var _ occurrence.Sink = (*History)(nil)

// New returns an empty history.
func New() *History {
	h := &History{seed: maphash.MakeSeed(), lives: make(map[uint64]*life)}
	h.order.newer, h.order.elder = &h.order, &h.order
	return h
}

// Observe implements [occurrence.Sink].
func (h *History) Observe(o *occurrence.Occurrence) {
	h.mu.Lock()
	defer h.mu.Unlock()
	k := maphash.Comparable(h.seed, [3]string{o.Object.Kind, o.Object.Namespace, o.Object.Name})
	l, ok := h.lives[k]
	if ok {
		l.leave()
	} else {
		l = &life{object: k}
		h.lives[k] = l
	}
	l.enter(&h.order)
	before := len(l.events)
	h.hear(l, o)
	h.entries += len(l.events) - before
	for h.entries > maxEvents || h.old(h.order.newer, o.At) {
		h.drop(h.order.newer)
	}
}

// Synced implements [occurrence.Sink].
func (h *History) Synced() {}

// leave takes the object out of the order.
func (l *life) leave() { l.newer.elder, l.elder.newer = l.elder, l.newer }

// enter makes the object the one that was heard of last.
func (l *life) enter(order *life) {
	l.newer, l.elder = order, order.elder
	l.newer.elder, l.elder.newer = l, l
}

// hear puts the event behind the others of its object, or there again.
func (h *History) hear(l *life, o *occurrence.Occurrence) {
	h.texts = h.texts[:0]
	for _, s := range [...]string{
		o.Type, o.Reason, shorten(o.Message), o.Component, o.Host,
		o.Object.Kind, o.Object.Namespace, o.Object.Name, o.Object.FieldPath,
	} {
		h.texts = append(binary.AppendUvarint(h.texts, uint64(len(s))), s...)
	}
	e := h.take(l, maphash.Comparable(h.seed, [2]string{o.UID, o.Name}))
	e.count, e.first, e.last = max(e.count, o.Count), micros(o.First), micros(o.At)
	e.texts = append(e.texts[:0], h.texts...)
	l.events = append(l.events, e)
}

// take takes the event out of those of its object, or else makes room for it.
func (h *History) take(l *life, event uint64) kept {
	if i := slices.IndexFunc(l.events, func(e kept) bool { return e.event == event }); i >= 0 {
		e := l.events[i]
		l.events = slices.Delete(l.events, i, i+1)
		return e
	}
	if len(l.events) >= perObject {
		h.spares(l.events[0])
		l.events = slices.Delete(l.events, 0, 1)
	}
	return kept{event: event, texts: h.piece(len(h.texts))}
}

// piece returns memory for texts of so many bytes, nil if none is spare that fits.
func (h *History) piece(n int) []byte {
	for i, p := range h.spare {
		if cap(p) >= n && cap(p) <= n+n/4 {
			last := len(h.spare) - 1
			h.spare[i], h.spare[last] = h.spare[last], nil
			h.spare = h.spare[:last]
			return p
		}
	}
	return nil
}

// spares keeps the memory of events that went, where much comes and goes.
func (h *History) spares(gone ...kept) {
	for i := range gone {
		if len(h.spare) == maxSpare {
			h.spare = slices.Delete(h.spare, 0, 1)
		}
		h.spare = append(h.spare, gone[i].texts)
	}
}

// entry is the event as people see it.
func (k *kept) entry() entry {
	e := entry{Count: k.count, First: timeOf(k.first), Last: timeOf(k.last)}
	rest := string(k.texts)
	for _, s := range [...]*string{
		&e.Type, &e.Reason, &e.Message, &e.Component, &e.Host,
		&e.Object.Kind, &e.Object.Namespace, &e.Object.Name, &e.Object.FieldPath,
	} {
		n, m := binary.Uvarint(k.texts[len(k.texts)-len(rest):])
		rest = rest[m:]
		*s, rest = rest[:n], rest[n:]
	}
	e.Workload = occurrence.Workload(e.Object.Kind, e.Object.Name)
	return e
}

func micros(t time.Time) int64 {
	if t.IsZero() {
		return 0
	}
	return t.UnixMicro()
}

func timeOf(micros int64) time.Time {
	if micros == 0 {
		return time.Time{}
	}
	return time.UnixMicro(micros)
}

// shorten cuts a message, into memory of its own where it is long.
func shorten(s string) string {
	if len(s) <= maxMessage {
		return s
	}
	b := make([]byte, 0, maxMessage+len("…"))
	for _, r := range s {
		if len(b) > maxMessage-4 {
			break
		}
		b = append(b, string(r)...)
	}
	return string(append(b, "…"...))
}

// old tells that nothing was heard of an object for long.
func (h *History) old(l *life, now time.Time) bool {
	return len(h.lives) > 1 && now.Sub(timeOf(l.events[len(l.events)-1].last)) > keepFor
}

func (h *History) drop(l *life) {
	l.leave()
	delete(h.lives, l.object)
	h.entries -= len(l.events)
	h.spares(l.events...)
}

// all returns all events, those of each object with the one that was heard of
// last first: several may have come at the same time.
func (h *History) all() []entry {
	h.mu.Lock()
	defer h.mu.Unlock()
	es := make([]entry, 0, h.entries)
	for l := h.order.elder; l != &h.order; l = l.elder {
		for _, e := range slices.Backward(l.events) {
			es = append(es, e.entry())
		}
	}
	return es
}
