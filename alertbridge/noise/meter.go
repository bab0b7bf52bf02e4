// Package noise measures which reasons and workloads are loudest, over the last
// hour and the last day, so that people find what to mend, silence or drop.
//
// A [Meter] counts in slots, of ten minutes for the hour and of an hour for the
// day, for a bounded number of sources; when there is room for no more, the one
// that was quiet longest goes.
package noise

import (
	"cmp"
	"math"
	"slices"
	"sync"
	"time"

	"github.com/kubebark/kubebark/internal/lru"
)

const (
	slot       = 10 * time.Minute
	slotsHour  = int64(time.Hour / slot)
	hoursDay   = 25 // the one under way, and those before it
	maxSources = 2000
)

// Source is who makes noise.
type Source struct {
	Type, Reason, Namespace, Kind, Workload string
}

// Counts say how much.
type Counts struct {
	Occurrences int64 `json:"occurrences"`
	Alerts      int64 `json:"alerts"`  // that began to fire
	Repeats     int64 `json:"repeats"` // occurrences of alerts that fired already
}

func (c *Counts) add(o Counts) {
	c.Occurrences += o.Occurrences
	c.Alerts += o.Alerts
	c.Repeats += o.Repeats
}

// Level is how loud a source was.
type Level struct {
	Source
	Rule      string // the rule that decided last; "" if none did
	Hour, Day Counts
}

// Meter measures. It is safe for concurrent use.
type Meter struct {
	mu      sync.Mutex
	sources *lru.Map[Source, *track]
}

// track is what one source has done, in the slots of the last hour and in the
// hours of the last day.
type track struct {
	rule  string
	last  int64 // number of the latest slot
	slots [slotsHour]cell
	hours [hoursDay]cell
}

// cell is Counts of one slot; there are many.
type cell struct{ occurrences, alerts, repeats uint32 }

func (c *cell) add(o Counts) {
	c.occurrences = capped(int64(c.occurrences) + o.Occurrences)
	c.alerts = capped(int64(c.alerts) + o.Alerts)
	c.repeats = capped(int64(c.repeats) + o.Repeats)
}

func capped(n int64) uint32 { return uint32(max(0, min(n, math.MaxUint32))) }

// New returns a meter that has heard nothing.
func New() *Meter { return &Meter{sources: lru.New[Source, *track](maxSources)} }

// Add notes what a source did at a time, which is now, and which rule decided about it.
func (m *Meter) Add(at time.Time, s Source, rule string, c Counts) {
	m.mu.Lock()
	defer m.mu.Unlock()
	now := slotOf(at)
	t, ok := m.sources.Get(s)
	if !ok {
		t = &track{last: now}
		m.sources.Set(s, t)
	}
	t.forget(now)
	t.rule = rule
	t.slots[now%slotsHour].add(c)
	t.hours[now/slotsHour%hoursDay].add(c)
}

func slotOf(t time.Time) int64 { return t.Unix() / int64(slot/time.Second) }

// forget clears the slots and hours that have come round again.
func (t *track) forget(now int64) {
	clearPast(t.slots[:], t.last, now)
	clearPast(t.hours[:], t.last/slotsHour, now/slotsHour)
	t.last = max(t.last, now)
}

// clearPast clears the cells of a ring from the one after last to now.
func clearPast(ring []cell, last, now int64) {
	size := int64(len(ring))
	for n := max(last+1, now-size+1); n <= now; n++ {
		ring[n%size] = cell{}
	}
}

func sum(ring []cell) Counts {
	var c Counts
	for _, s := range ring {
		c.add(Counts{int64(s.occurrences), int64(s.alerts), int64(s.repeats)})
	}
	return c
}

// Loudest returns up to n sources, the loudest of the last hour first, then
// those of the day.
func (m *Meter) Loudest(n int) []Level {
	m.mu.Lock()
	defer m.mu.Unlock()
	var ls []Level
	now := slotOf(time.Now())
	for s, t := range m.sources.All() {
		t.forget(now)
		l := Level{Source: s, Rule: t.rule, Hour: sum(t.slots[:]), Day: sum(t.hours[:])}
		if l.Day != (Counts{}) {
			ls = append(ls, l)
		}
	}
	slices.SortStableFunc(ls, func(a, b Level) int {
		return cmp.Or(
			cmp.Compare(b.Hour.Occurrences, a.Hour.Occurrences), cmp.Compare(b.Day.Occurrences, a.Day.Occurrences),
			cmp.Compare(a.Reason, b.Reason), cmp.Compare(a.Namespace, b.Namespace), cmp.Compare(a.Workload, b.Workload),
		)
	})
	return ls[:min(n, len(ls))]
}
