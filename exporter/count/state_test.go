package count

import (
	"cmp"
	"reflect"
	"slices"
	"testing"
	"time"

	gocmp "github.com/google/go-cmp/cmp"
)

// TestRestore holds that a memory that went over a restart is the same, and
// tells the same.
func TestRestore(t *testing.T) {
	m := NewMemory(start)
	m.Observe(ev("u", 1, 40, 1, 2), Seen, at(2))
	m.Observe(ev("u", 9, 40, 1, 2), Gone, at(62))
	other := ev("w", 3, 7, 1, 2)
	other.Name = "other"
	m.Observe(other, Seen, at(2))
	sorted := func(ss []State) []State {
		slices.SortFunc(ss, func(a, b State) int { return cmp.Compare(a.Key, b.Key) })
		return ss
	}
	r := Restore(start, m.Forgotten(), m.All())
	if d := gocmp.Diff(sorted(m.All()), sorted(r.All())); d != "" {
		t.Errorf("(-before +after)\n%s", d)
	}
	if d := r.Observe(ev("v", 12, 41, 1, 70), Seen, at(70)); d != (Delta{New: 1}) {
		t.Errorf("re-created after expiry and restart: %+v", d)
	}
	if d := r.Observe(other, Found, at(71)); d != (Delta{}) {
		t.Errorf("listed unchanged after the restart: %+v", d)
	}
}

// TestRestoreForgotten: what was forgotten before a restart is not taken for new
// after it.
func TestRestoreForgotten(t *testing.T) {
	m := NewMemory(start)
	m.Observe(ev("u", 1, 40, 1, 2), Seen, at(2))
	m.Observe(ev("u", 9, 40, 1, 2), Gone, at(62))
	m.forget(at(62).Add(tombstoneTTL + time.Minute))
	r := Restore(start, m.Forgotten(), m.All())
	if d := r.Observe(ev("v", 12, 41, 1, 1600), Seen, at(1600)); d != (Delta{New: 1, Inexact: true}) {
		t.Errorf("forgotten, and back after a restart: %+v", d)
	}
}

// TestEntryIsSmall: half a million of them are to fit in 50 MB, with keys and
// the map's own room.
func TestEntryIsSmall(t *testing.T) {
	if n := reflect.TypeFor[entry]().Size(); n > 32 {
		t.Errorf("an entry has %d bytes", n)
	}
}
