package noise

import (
	"fmt"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"
)

func TestMeter(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		m := New()
		loud, soft := Source{Reason: "Loud", Workload: "cart"}, Source{Reason: "Soft"}
		m.Add(time.Now(), loud, "default", Counts{Occurrences: 1, Alerts: 1})
		m.Add(time.Now(), soft, "", Counts{Occurrences: 2})
		for range 12 {
			m.Add(time.Now(), loud, "rules[0]", Counts{Occurrences: 10, Repeats: 10})
			time.Sleep(10 * time.Minute)
		}
		want := []Level{
			{loud, "rules[0]", Counts{Occurrences: 50, Repeats: 50}, Counts{Occurrences: 121, Alerts: 1, Repeats: 120}},
			{soft, "", Counts{}, Counts{Occurrences: 2}},
		}
		if d := cmp.Diff(want, m.Loudest(9)); d != "" {
			t.Errorf("(-want +got)\n%s", d)
		}
		if got := m.Loudest(1); len(got) != 1 || got[0].Source != loud {
			t.Errorf("the loudest: %v", got)
		}
		time.Sleep(23 * time.Hour)
		if got := m.Loudest(9); len(got) != 1 || got[0].Day.Occurrences >= 121 {
			t.Errorf("a day later: %v", got)
		}
		time.Sleep(48 * time.Hour)
		if got := m.Loudest(9); len(got) != 0 {
			t.Errorf("days later: %v", got)
		}
		m.Add(time.Now(), loud, "", Counts{Occurrences: 1})
		if got := m.Loudest(9); len(got) != 1 || got[0].Day.Occurrences != 1 {
			t.Errorf("again: %v", got)
		}
	})
}

func TestMeterIsBounded(t *testing.T) {
	m := New()
	for i := range 2 * maxSources {
		m.Add(time.Now(), Source{Reason: fmt.Sprint(i)}, "", Counts{Occurrences: 1})
	}
	if n := m.sources.Len(); n != maxSources {
		t.Errorf("%d sources", n)
	}
}
