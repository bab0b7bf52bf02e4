package count

import (
	"testing"

	"github.com/kubebark/kubebark/exporter/occurrence"
)

func TestListBuriesWhatItDoesNotHold(t *testing.T) {
	m := NewMemory(start)
	named := func(n string, version uint64, count int64) *occurrence.Event {
		e := ev("u"+n, version, count, 1, 1)
		e.Name = n
		return e
	}
	m.BeginList()
	m.Observe(named("a", 1, 1), Initial, at(0))
	m.Observe(named("b", 2, 5), Initial, at(0))
	m.EndList(at(0))
	m.BeginList()
	m.Observe(named("a", 1, 1), Found, at(9)) // unchanged
	m.EndList(at(9))
	if e, _ := m.entries.Get(key(named("a", 0, 0))); e.gone() != 0 {
		t.Error("a is in the list and taken for gone")
	}
	if e, _ := m.entries.Get(key(named("b", 0, 0))); e.gone() == 0 {
		t.Error("b is not in the list and taken for alive")
	}
	if d := m.Observe(named("b", 7, 6), Seen, at(10)); d != (Delta{New: 1}) {
		t.Errorf("b re-created: %+v", d)
	}
}

// TestAfterTheList: the watch begins before the list, so that what happened
// while it was made comes once more, and what its first pages missed comes now.
func TestAfterTheList(t *testing.T) {
	for _, tt := range []struct {
		name   string
		listed []*occurrence.Event
		steps  []step
	}{
		{"what the list held comes again", []*occurrence.Event{ev("u", 12, 3, 1, 2)}, []step{
			{Seen, ev("u", 11, 2, 1, 2), Delta{}},
			{Seen, ev("u", 12, 3, 1, 2), Delta{}},
			{Seen, ev("u", 13, 4, 1, 3), Delta{New: 1}},
		}},
		{"what its first page missed", []*occurrence.Event{ev("u", 10, 1, 1, 2)}, []step{
			{Seen, ev("u", 11, 2, 1, 2), Delta{New: 1}},
			{Gone, ev("u", 12, 2, 1, 2), Delta{}},
			{Seen, ev("v", 13, 1, 3, 3), Delta{New: 1}},
		}},
		{"deleted and made anew before the list: the old one's states come again", []*occurrence.Event{ev("v", 14, 2, 3, 4)}, []step{
			{Seen, ev("u", 11, 7, 1, 2), Delta{}},
			{Gone, ev("u", 12, 7, 1, 2), Delta{}},
			{Seen, ev("v", 13, 1, 3, 3), Delta{}},
			{Seen, ev("v", 14, 2, 3, 4), Delta{}},
			{Seen, ev("v", 15, 3, 3, 5), Delta{New: 1}},
		}},
		{"made and deleted before the list", nil, []step{
			{Seen, ev("u", 11, 1, 1, 1), Delta{New: 1}},
			{Gone, ev("u", 12, 1, 1, 1), Delta{}},
		}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			m := NewMemory(start)
			m.BeginList()
			for _, e := range tt.listed {
				m.Observe(e, Initial, at(0))
			}
			m.EndList(at(0))
			take(t, m, 0, tt.steps)
		})
	}
}

// TestRestoredCluster: etcd is put back to a backup. Recorders remember what they
// counted and go on, with versions that were given before.
func TestRestoredCluster(t *testing.T) {
	for _, tt := range []struct {
		name   string
		before []step
		listed *occurrence.Event // by the restored cluster
		want   Delta
		after  []step
	}{
		{"an object's older state", []step{
			{Seen, ev("u", 90, 3, 1, 2), Delta{New: 3}},
			{Seen, ev("u", 150, 5, 1, 3), Delta{New: 2}},
		}, ev("u", 90, 3, 1, 2), Delta{}, []step{
			{Seen, ev("u", 101, 6, 1, 4), Delta{New: 1}},
		}},
		{"an object that was written again before the list", []step{
			{Seen, ev("u", 150, 5, 1, 3), Delta{New: 5}},
		}, ev("u", 101, 7, 1, 4), Delta{New: 2}, []step{
			{Seen, ev("u", 102, 8, 1, 5), Delta{New: 1}},
		}},
		{"one that had gone", []step{
			{Seen, ev("u", 90, 3, 1, 2), Delta{New: 3}},
			{Gone, ev("u", 150, 3, 1, 2), Delta{}},
		}, ev("u", 90, 3, 1, 2), Delta{}, []step{
			{Seen, ev("u", 101, 4, 1, 4), Delta{New: 1}},
		}},
		{"the object from before it came anew under its name", []step{
			{Seen, ev("u", 90, 3, 1, 2), Delta{New: 3}},
			{Gone, ev("u", 140, 3, 1, 2), Delta{}},
			{Seen, ev("v", 150, 4, 1, 3), Delta{New: 1}},
		}, ev("u", 90, 3, 1, 2), Delta{}, []step{
			{Seen, ev("u", 101, 5, 1, 4), Delta{New: 1}},
		}},
		{"one that is not in the backup comes again", []step{
			{Seen, ev("u", 150, 3, 1, 2), Delta{New: 3}},
		}, nil, Delta{}, []step{
			{Seen, ev("v", 101, 4, 1, 4), Delta{New: 1}},
		}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			m := NewMemory(start)
			m.BeginList()
			m.EndList(at(0))
			take(t, m, 0, tt.before)
			m.BeginList()
			if tt.listed != nil {
				take(t, m, 9, []step{{Found, tt.listed, tt.want}})
			}
			m.EndList(at(9))
			take(t, m, 10, tt.after)
		})
	}
}
