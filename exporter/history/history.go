package history

import (
	"container/list"
	"sync"
	"time"

	"github.com/kubebark/kubebark/exporter/occurrence"
)

const (
	perObject  = 20    // events of one object
	maxEvents  = 5_000 // of all
	maxMessage = 500   // bytes of a message
	keepFor    = 6 * time.Hour
)

// Entry is one event as it was last heard of.
type Entry struct {
	Type      string
	Reason    string
	Message   string
	Component string
	Host      string
	Object    occurrence.Object
	Workload  string
	Count     int64     // occurrences that the event stands for
	First     time.Time // by the event's own account
	Last      time.Time // when the latest occurrence was

	uid, name string // of the Event object
}

// object tells objects apart; one that is made anew under the same name goes on
// where the other was.
type object struct{ kind, namespace, name string }

// life is what is kept of an object.
type life struct {
	object object
	events []*Entry // the one that was heard of last is last
}

// History keeps events. It is an [occurrence.Sink].
type History struct {
	mu      sync.Mutex
	lives   map[object]*list.Element // of *life
	order   *list.List               // the object that was heard of last is first
	entries int
}

var _ occurrence.Sink = (*History)(nil)

// New returns an empty history.
func New() *History {
	return &History{lives: make(map[object]*list.Element), order: list.New()}
}

// Observe implements [occurrence.Sink].
func (h *History) Observe(o *occurrence.Occurrence) {
	h.mu.Lock()
	defer h.mu.Unlock()
	k := object{o.Object.Kind, o.Object.Namespace, o.Object.Name}
	el, ok := h.lives[k]
	if !ok {
		el = h.order.PushFront(&life{object: k})
		h.lives[k] = el
	}
	h.order.MoveToFront(el)
	if l, ok := el.Value.(*life); ok {
		before := len(l.events)
		l.hear(o)
		h.entries += len(l.events) - before
	}
	for h.entries > maxEvents || h.old(h.order.Back(), o.At) {
		h.drop(h.order.Back())
	}
}

// Synced implements [occurrence.Sink].
func (h *History) Synced() {}

// hear puts the event behind the others of its object, or there again.
func (l *life) hear(o *occurrence.Occurrence) {
	e := l.take(o)
	if e == nil {
		e = &Entry{
			Object: o.Object, Workload: occurrence.Workload(o.Object.Kind, o.Object.Name), uid: o.UID, name: o.Name,
		}
	}
	if len(l.events) >= perObject {
		l.events = append(l.events[:0], l.events[1:]...)
	}
	e.Type, e.Reason, e.Message, e.Component, e.Host = o.Type, o.Reason, shorten(o.Message), o.Component, o.Host
	e.Count, e.First, e.Last = max(e.Count, o.Count), o.First, o.At
	l.events = append(l.events, e)
}

// take takes the event out of those of its object; it is nil if it is new.
func (l *life) take(o *occurrence.Occurrence) *Entry {
	for i, e := range l.events {
		if e.uid == o.UID && e.name == o.Name {
			l.events = append(l.events[:i], l.events[i+1:]...)
			return e
		}
	}
	return nil
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
func (h *History) old(el *list.Element, now time.Time) bool {
	l, ok := el.Value.(*life)
	return ok && h.order.Len() > 1 && now.Sub(l.events[len(l.events)-1].Last) > keepFor
}

func (h *History) drop(el *list.Element) {
	if l, ok := h.order.Remove(el).(*life); ok {
		delete(h.lives, l.object)
		h.entries -= len(l.events)
	}
}

// all returns all events.
func (h *History) all() []Entry {
	h.mu.Lock()
	defer h.mu.Unlock()
	es := make([]Entry, 0, h.entries)
	for el := h.order.Front(); el != nil; el = el.Next() {
		if l, ok := el.Value.(*life); ok {
			for _, e := range l.events {
				es = append(es, *e)
			}
		}
	}
	return es
}
