package dedup

import (
	"path/filepath"
	"testing"
	"testing/synctest"
	"time"
)

// alerts are those that fire, each by a letter; a capital one is its next
// incident, half an hour after.
func alerts(letters string) []Alert {
	began := time.Date(2026, 11, 25, 9, 0, 0, 0, time.UTC)
	var all []Alert
	for _, c := range letters {
		a := Alert{Key: uint32(c), Began: began}
		if c < 'a' {
			a = Alert{Key: uint32(c) + 'a' - 'A', Began: began.Add(30 * time.Minute)}
		}
		all = append(all, a)
	}
	return all
}

// Each step is a message after a wait: the alerts that fire, whether it is
// called a repeat, and whether it is news. Each is also told by a store that
// was killed before it.
func TestNews(t *testing.T) {
	type step struct {
		after  time.Duration
		firing string
		repeat bool
		news   bool
	}
	for _, tt := range []struct {
		name  string
		steps []step
	}{
		{"the first, one more, one less, none, the first anew", []step{
			{0, "a", false, true},
			{time.Minute, "ab", false, true},
			{time.Hour, "b", false, false},
			{time.Hour, "", false, true},
			{time.Hour, "B", false, true},
		}},
		{"what the other Alertmanager saw a moment before", []step{
			{0, "a", false, true}, {time.Minute, "b", false, true}, {time.Second, "a", false, false}, {time.Second, "b", false, false},
		}},
		{"and before it was over", []step{{0, "a", false, true}, {time.Minute, "", false, true}, {10 * time.Second, "a", false, false}}},
		{"back soon after it was over", []step{{0, "a", false, true}, {5 * time.Minute, "", false, true}, {time.Minute, "A", false, true}}},
		{"a silence is over", []step{{0, "ab", false, true}, {time.Minute, "b", false, false}, {time.Hour, "ab", false, true}}},
		{"repeats", []step{{0, "ab", false, true}, {4 * time.Hour, "ab", true, true}, {4 * time.Hour, "ab", false, true}, {4 * time.Hour, "b", true, true}}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			path := filepath.Join(t.TempDir(), "state")
			synctest.Test(t, func(t *testing.T) {
				s, _ := newStore(t, 10)
				for i, st := range tt.steps {
					time.Sleep(st.after)
					state := State{Digest: st.firing, Firing: alerts(st.firing), Repeat: st.repeat}
					for name, store := range map[string]*Store{"alive": s, "after a kill": reopen(t, path)} {
						if got := store.News("phone", "id", state); got != st.news {
							t.Errorf("step %d, %s: news %v", i, name, got)
						}
						record(t, store, "phone", "id", state)
					}
					if s.News("other", "id", state) != true {
						t.Errorf("step %d: no news to who was told nothing", i)
					}
				}
			})
		})
	}
}

// TestLate: a pair of Alertmanagers of which one was started later look at their
// alerts at different times. What the second saw before the first told the end is
// told no more; all else is.
func TestLate(t *testing.T) {
	for _, tt := range []struct {
		name  string
		told  string // what fired before it was over
		after time.Duration
		fires string
		began time.Duration // after it was over; 0 is long before
		late  bool
	}{
		{"what was over a moment before", "a", 2 * time.Second, "a", 0, true},
		{"one of two", "ab", 2 * time.Second, "b", 0, true},
		{"it still does later", "a", pairGap, "a", 0, false},
		{"another", "a", 2 * time.Second, "ab", 0, false},
		{"it is back", "a", 2 * time.Second, "a", time.Second, false},
	} {
		t.Run(tt.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				s, _ := newStore(t, 10)
				since := func(letters string) []Alert { // and not in the future
					all := alerts(letters)
					for i := range all {
						all[i].Began = time.Date(1999, 12, 31, 0, 0, 0, 0, time.UTC)
					}
					return all
				}
				record(t, s, "phone", "id", State{Digest: "firing", Firing: since(tt.told)})
				time.Sleep(time.Minute)
				st := State{Digest: "fires", Firing: since(tt.fires)}
				if s.Late("phone", "id", st) {
					t.Error("late while it fires")
				}
				record(t, s, "phone", "id", State{Digest: "over", Over: true})
				over := time.Now()
				time.Sleep(tt.after)
				if tt.began > 0 {
					st.Firing[0].Began = over.Add(tt.began)
				}
				if got := s.Late("phone", "id", st); got != tt.late {
					t.Errorf("late: %v, want %v", got, tt.late)
				}
				if s.Late("other", "id", st) {
					t.Error("late for a device that was told nothing")
				}
			})
		})
	}
}

// Of more alerts than are remembered a change is news.
func TestNewsOfMany(t *testing.T) {
	var many []Alert
	for i := range 2 * maxHeard {
		many = append(many, Alert{Key: uint32(i)})
	}
	s, _ := newStore(t, 10)
	for range 3 {
		record(t, s, "phone", "id", State{Digest: "all", Firing: many})
	}
	for n, want := range map[int]bool{maxHeard: false, maxHeard + 1: true} {
		if got := s.News("phone", "id", State{Digest: "some", Firing: many[:n]}); got != want {
			t.Errorf("%d of them: news %v", n, got)
		}
	}
	last, _ := s.memories.Peek(key{"phone", "id"})
	if len(last.heard) != maxHeard {
		t.Errorf("%d are remembered", len(last.heard))
	}
}
