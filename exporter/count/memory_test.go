package count

import (
	"fmt"
	"testing"
	"time"

	"github.com/kubebark/kubebark/exporter/occurrence"
)

var start = time.Date(2026, 11, 24, 9, 0, 0, 0, time.UTC)

// at returns the time so many minutes after the watch began.
func at(minutes int) time.Time { return start.Add(time.Duration(minutes) * time.Minute) }

// ev is an event of a recorder that counts, under the name "e".
func ev(uid string, version uint64, count int64, first, last int) *occurrence.Event {
	return &occurrence.Event{
		Namespace: "shop", Name: "e", UID: uid, Version: version, Count: count, Counted: true,
		First: at(first), Last: at(last), Created: at(last),
	}
}

func uncounted(e *occurrence.Event) *occurrence.Event { e.Counted = false; return e }

// step is one observation and what it must add.
type step struct {
	change Change
	event  *occurrence.Event
	want   Delta
}

// take has a memory observe the steps, a minute each from one on.
func take(t *testing.T, m *Memory, minute int, steps []step) {
	t.Helper()
	for i, s := range steps {
		if got := m.Observe(s.event, s.change, at(minute+i)); got != s.want {
			t.Errorf("minute %d: %+v, want %+v", minute+i, got, s.want)
		}
	}
}

// TestRules has a row for each rule, and the case in words.
func TestRules(t *testing.T) {
	for _, tt := range []struct {
		name  string
		steps []step
	}{
		{"a first occurrence counts one", []step{
			{Seen, ev("u", 1, 1, 1, 1), Delta{New: 1}},
		}},
		{"a repeat counts the difference", []step{
			{Seen, ev("u", 1, 1, 1, 1), Delta{New: 1}},
			{Seen, ev("u", 2, 2, 1, 2), Delta{New: 1}},
		}},
		{"a jump counts those that the spam filter held back", []step{
			{Seen, ev("u", 1, 1, 1, 1), Delta{New: 1}},
			{Seen, ev("u", 2, 9, 1, 2), Delta{New: 8}},
		}},
		{"added with a count, all of it on our watch", []step{
			{Seen, ev("u", 1, 7, 1, 2), Delta{New: 7}},
		}},
		{"added with a count, first seconds before our watch by a clock that is behind", []step{
			{Seen, func() *occurrence.Event {
				e := ev("u", 1, 7, 0, 2)
				e.First = start.Add(-4 * time.Second)
				return e
			}(), Delta{New: 7}},
		}},
		{"added with a count from before our watch: one is new, the rest unknown", []step{
			{Seen, ev("u", 1, 41, -200, 5), Delta{New: 1, Inexact: true}},
			{Seen, ev("u", 2, 43, -200, 6), Delta{New: 2}},
		}},
		{"written now with one occurrence and old times of its own", []step{
			{Seen, ev("u", 1, 1, -800000, -800000), Delta{New: 1}},
		}},
		{"the first list is history", []step{
			{Initial, ev("u", 1, 12, -30, -3), Delta{}},
			{Seen, ev("u", 2, 13, -30, 1), Delta{New: 1}},
		}},
		{"expiry subtracts nothing, and the same name re-created goes on", []step{
			{Seen, ev("u", 1, 40, 1, 2), Delta{New: 40}},
			{Gone, ev("u", 9, 40, 1, 2), Delta{}},
			{Seen, ev("v", 12, 41, 1, 70), Delta{New: 1}},
		}},
		{"the expiry of what was never seen is not news", []step{
			{Gone, ev("u", 9, 40, -70, -60), Delta{}},
		}},
		{"a deletion that carries a higher count than was seen", []step{
			{Seen, ev("u", 1, 4, 1, 2), Delta{New: 4}},
			{Gone, ev("u", 9, 6, 1, 3), Delta{New: 2}},
		}},
		{"found by a list after a gap", []step{
			{Seen, ev("u", 1, 4, 1, 2), Delta{New: 4}},
			{Found, ev("u", 9, 10, 1, 8), Delta{New: 6}},
		}},
		{"born in a gap and found by a list", []step{
			{Found, ev("u", 9, 10, 1, 8), Delta{New: 10}},
		}},
		{"a replay of the same version", []step{
			{Seen, ev("u", 5, 4, 1, 2), Delta{New: 4}},
			{Found, ev("u", 5, 4, 1, 2), Delta{}},
			{Seen, ev("u", 4, 3, 1, 2), Delta{}},
			{Seen, ev("u", 6, 5, 1, 3), Delta{New: 1}},
		}},
		{"a count overwritten by hand goes on from there", []step{
			{Seen, ev("u", 1, 10, 1, 2), Delta{New: 10}},
			{Seen, ev("u", 2, 3, 1, 3), Delta{}},
			{Seen, ev("u", 3, 4, 1, 4), Delta{New: 1}},
		}},
		{"deleted, and another made by hand under the name", []step{
			{Seen, ev("u", 1, 10, 1, 2), Delta{New: 10}},
			{Gone, ev("u", 2, 10, 1, 2), Delta{}},
			{Seen, ev("v", 3, 2, 5, 5), Delta{New: 2}},
		}},
		{"another object with the same count is new occurrences", []step{
			{Seen, ev("u", 1, 1, 1, 1), Delta{New: 1}},
			{Seen, ev("v", 3, 1, 5, 5), Delta{New: 1}},
		}},
		{"the same object restored from a backup is not", []step{
			{Seen, ev("u", 1, 3, 1, 2), Delta{New: 3}},
			{Seen, ev("v", 3, 3, 1, 2), Delta{}},
		}},
		{"a label edit adds nothing", []step{
			{Seen, ev("u", 1, 3, 1, 2), Delta{New: 3}},
			{Seen, ev("u", 2, 3, 1, 9), Delta{}},
		}},
		{"an object without a count, written anew with a later time, is one more", []step{
			{Seen, uncounted(ev("u", 1, 1, 1, 1)), Delta{New: 1}},
			{Seen, uncounted(ev("u", 2, 1, 1, 2)), Delta{New: 1}},
			{Seen, uncounted(ev("u", 3, 1, 1, 2)), Delta{}},
		}},
		{"a series starts at two and counts its first", []step{
			{Seen, uncounted(ev("u", 1, 1, 1, 1)), Delta{New: 1}},
			{Seen, ev("u", 2, 2, 1, 2), Delta{New: 1}},
			{Seen, ev("u", 3, 19, 1, 31), Delta{New: 17}},
		}},
		{"a file is the whole history", []step{
			{History, ev("u", 1, 41, -200, 5), Delta{New: 41}},
			{History, ev("u", 2, 43, -200, 6), Delta{New: 2}},
		}},
		{"without versions only counts speak", []step{
			{History, ev("u", 0, 2, 1, 2), Delta{New: 2}},
			{History, ev("u", 0, 3, 1, 3), Delta{New: 1}},
			{History, ev("u", 0, 3, 1, 3), Delta{}},
		}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			take(t, NewMemory(start), 0, tt.steps)
		})
	}
}

// TestNamesAreByNamespace: one name in two namespaces is two objects.
func TestNamesAreByNamespace(t *testing.T) {
	m := NewMemory(start)
	other := ev("v", 2, 3, 1, 1)
	other.Namespace = "zoo"
	for _, s := range []step{
		{Seen, ev("u", 1, 2, 1, 1), Delta{New: 2}},
		{Seen, other, Delta{New: 3}},
	} {
		if got := m.Observe(s.event, s.change, at(1)); got != s.want {
			t.Errorf("%s: %+v, want %+v", s.event.Namespace, got, s.want)
		}
	}
}

// TestReplayRaisesNoDead: an old state that comes again after its object has
// gone must not make it live, for nothing would bury it again.
func TestReplayRaisesNoDead(t *testing.T) {
	m := NewMemory(start)
	m.BeginList()
	m.EndList(at(0))
	m.Observe(ev("u", 5, 4, 1, 2), Seen, at(1))
	m.Observe(ev("u", 6, 4, 1, 2), Gone, at(2))
	m.Observe(ev("u", 5, 4, 1, 2), Seen, at(3))
	m.forget(at(2).Add(tombstoneTTL + time.Minute))
	if m.Len() != 0 {
		t.Errorf("%d names remembered a day after the end", m.Len())
	}
}

// TestForgottenNameCountsOne: how far back one may look is bounded by what is
// remembered. A name that was forgotten comes back with all its occurrences, of
// which one is new; one that began later cannot be it.
func TestForgottenNameCountsOne(t *testing.T) {
	m := NewMemory(start)
	m.Observe(ev("u", 1, 40, 1, 2), Seen, at(2))
	m.Observe(ev("u", 9, 40, 1, 2), Gone, at(62))
	back := ev("v", 12, 41, 1, 70)
	later := func(name string, first int) *occurrence.Event {
		e := ev("w", 20, 7, first, 1600)
		e.Name = name
		return e
	}
	m.forget(at(62).Add(tombstoneTTL))
	if d := m.Observe(later("before", 61), Seen, at(1500)); d != (Delta{New: 7}) {
		t.Errorf("nothing is forgotten yet: %+v", d)
	}
	m.forget(at(62).Add(tombstoneTTL + time.Minute))
	if d := m.Observe(back, Seen, at(1600)); d != (Delta{New: 1, Inexact: true}) {
		t.Errorf("forgotten, and back: %+v", d)
	}
	if d := m.Observe(later("same time", 62), Seen, at(1600)); d != (Delta{New: 1, Inexact: true}) {
		t.Errorf("began before the forgotten one's end: %+v", d)
	}
	if d := m.Observe(later("later", 63), Seen, at(1600)); d != (Delta{New: 7}) {
		t.Errorf("began after the forgotten one's end: %+v", d)
	}
}

func TestTombstonesAreBounded(t *testing.T) {
	m := NewMemory(start)
	dies := func(n int, when time.Time) {
		e := ev(fmt.Sprint("u", n), uint64(2*n+1), 1, 1, 1)
		e.Name = fmt.Sprint(n)
		m.Observe(e, Seen, when)
		e.Version++
		m.Observe(e, Gone, when)
	}
	const extra = 500
	for n := range tombstoneLimit + extra {
		dies(n, at(1))
	}
	if m.Len() != tombstoneLimit {
		t.Errorf("%d names remembered, want the limit of %d", m.Len(), tombstoneLimit)
	}
	dies(-1, at(1).Add(tombstoneTTL+time.Second))
	if m.Len() != 1 || len(m.graves) != 1 {
		t.Errorf("%d names and %d graves remembered a day later, want the one that just died", m.Len(), len(m.graves))
	}
}
