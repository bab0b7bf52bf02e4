package episode

import (
	"fmt"
	"testing"
	"time"

	"github.com/kubebark/kubebark/exporter/occurrence"
)

// listed makes history of an occurrence: it was last seen so long ago.
func listed(o occurrence.Occurrence, version uint64, ago time.Duration) occurrence.Occurrence {
	o.Origin, o.New, o.Version = occurrence.Listed, 0, version
	o.Last = time.Now().Add(-ago)
	o.First, o.At = o.Last, o.Last
	return o
}

func TestColdStart(t *testing.T) {
	inWorld(t, func(w *world) {
		begin := time.Now()
		o := listed(warning("FailedMount", "db-0"), 7, 5*time.Minute)
		o.Count, o.First = 12, begin.Add(-30*time.Minute)
		w.see(listed(normal("Scheduled", cart1), 20, time.Minute)) // lists have no order
		w.see(o)
		w.see(listed(warning("FailedScheduling", cart1), 10, 2*time.Minute))
		w.see(listed(warning("HighCPUUsage", cart1), 3, 21*time.Minute))
		w.none("before the list has come to its end")
		w.Synced()
		as := w.got()
		var mount int
		for i, a := range as {
			switch a.Labels["reason"] {
			case "HighCPUUsage":
				t.Error("what was quiet for long alerts")
			case "FailedScheduling":
				if i == len(as)-1 && a.Annotations["ended_by"] == "" {
					t.Error("its recovery in the same list was overlooked")
				}
			case "FailedMount":
				mount++
				if !a.StartsAt.Equal(begin) || !a.EndsAt.Equal(begin.Add(10*time.Minute)) {
					t.Errorf("from %v to %v", a.StartsAt, a.EndsAt)
				}
				if a.Annotations["count"] != "12" || a.Annotations["first_seen"] != o.First.UTC().Format(time.RFC3339) {
					t.Errorf("%v", a.Annotations)
				}
			}
		}
		if mount != 1 {
			t.Errorf("FailedMount was sent %d times", mount)
		}
		for _, v := range w.Views() {
			if v.State != Ended && v.Labels["reason"] != "FailedMount" {
				t.Errorf("active: %v", v.Labels)
			}
		}
	})
}

func TestListAfterGap(t *testing.T) {
	inWorld(t, func(w *world) {
		w.see(warning("FailedScheduling", cart1))
		w.see(warning("HighCPUUsage", cart2))
		w.setDown(true)
		time.Sleep(30 * time.Minute)
		w.got()
		begin := time.Now()
		o := listed(warning("HighCPUUsage", cart2), 30, 3*time.Minute)
		o.New, o.Count = 4, 5
		w.see(o)
		rec := listed(normal("Scheduled", cart1), 31, 10*time.Minute)
		rec.New = 1
		w.see(rec)
		w.Synced()
		w.setDown(false)
		time.Sleep(time.Minute)
		for _, a := range w.got() {
			switch a.Labels["reason"] {
			case "FailedScheduling":
				w.over(a, begin.Add(-10*time.Minute), "recovery: Scheduled")
			case "HighCPUUsage":
				if a.Annotations["count"] != "5" || !a.EndsAt.Equal(begin.Add(17*time.Minute)) {
					t.Errorf("ends %v, %v", a.EndsAt, a.Annotations)
				}
			}
		}
	})
}

func TestHistoryAndFor(t *testing.T) {
	rules := withRules(t, `rules: [{matchers: ['reason="Slow"'], for: 5m, min_occurrences: 3, within: 10m}]`)
	for _, tt := range []struct {
		life  time.Duration
		count int64
		fires bool
	}{
		{time.Minute, 9, false},     // too short
		{8 * time.Minute, 2, false}, // too few
		{8 * time.Minute, 3, true},
		{100 * time.Minute, 12, false}, // one in ten minutes
		{100 * time.Minute, 40, true},
	} {
		t.Run(fmt.Sprint(tt.life, tt.count), func(t *testing.T) {
			inWorld(t, func(w *world) {
				o := listed(warning("Slow", cart1), 5, time.Minute)
				o.First, o.Count = o.Last.Add(-tt.life), tt.count
				w.see(o)
				w.Synced()
				if got := len(w.got()) > 0; got != tt.fires {
					t.Errorf("fires: %v", got)
				}
			}, rules)
		})
	}
}

func TestListIsBounded(t *testing.T) {
	inWorld(t, func(w *world) {
		for i := range 2*maxListed + 10 {
			o := listed(warning("HighCPUUsage", "x"), uint64(i+1), time.Minute)
			o.Object.Name = "cart-7dc45b778d-" + suffix(i)
			w.see(o)
			if len(w.listed) > maxListed {
				t.Fatalf("%d are held", len(w.listed))
			}
		}
		w.Synced()
		if len(w.listed) != 0 {
			t.Errorf("%d are held after the end", len(w.listed))
		}
	})
}
