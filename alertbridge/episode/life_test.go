package episode

import (
	"fmt"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/kubebark/kubebark/exporter/occurrence"
)

func TestLifeUntilQuiet(t *testing.T) {
	inWorld(t, func(w *world) {
		begin := time.Now()
		w.see(warning("HighCPUUsage", cart1))
		a := w.last()
		if !a.StartsAt.Equal(begin) || !a.EndsAt.Equal(begin.Add(20*time.Minute)) {
			t.Errorf("first sent: %v until %v", a.StartsAt, a.EndsAt)
		}
		time.Sleep(5*time.Minute + time.Second)
		if n := len(w.got()); n != 5 {
			t.Errorf("sent %d times in 5 minutes, want every minute", n)
		}
		again := time.Now()
		w.see(warning("HighCPUUsage", cart2))
		time.Sleep(time.Minute + time.Second)
		a = w.last()
		if !a.StartsAt.Equal(begin) || !a.EndsAt.Equal(again.Add(20*time.Minute)) {
			t.Errorf("after a repeat: %v until %v", a.StartsAt, a.EndsAt)
		}
		want := map[string]string{
			"summary": "HighCPUUsage: Pod shop/cart (2 objects)", "description": "HighCPUUsage of " + cart2,
			"object": "Pod/shop/" + cart2, "objects": "2", "count": "2", "component": "kubelet", "host": "node-1",
			"first_seen": begin.UTC().Format(time.RFC3339), "last_seen": again.UTC().Format(time.RFC3339),
		}
		if d := cmp.Diff(want, a.Annotations); d != "" {
			t.Errorf("annotations (-want +got)\n%s", d)
		}
		over := again.Add(20 * time.Minute)
		time.Sleep(time.Until(over) - time.Second)
		if a = w.last(); !a.EndsAt.Equal(over) || a.Annotations["ended_by"] != "quiet for 20m" {
			t.Errorf("before Alertmanager ends it: until %v, %q", a.EndsAt, a.Annotations["ended_by"])
		}
		time.Sleep(grace + 2*time.Second)
		w.over(w.last(), over, "quiet for 20m")
		time.Sleep(20 * time.Minute)
		as := w.got()
		if len(as) != 14 { // every minute until 15 minutes after the end
			t.Errorf("the end was sent %d more times", len(as))
		}
		for _, a := range as {
			w.over(a, over, "quiet for 20m")
		}
		if v := w.Views(); len(v) != 0 {
			t.Errorf("still there: %+v", v)
		}
	})
}

func TestNoticeIsTakenBack(t *testing.T) {
	inWorld(t, func(w *world) {
		w.see(warning("HighCPUUsage", cart1))
		time.Sleep(20*time.Minute - 5*time.Second)
		if a := w.last(); a.Annotations["ended_by"] == "" {
			t.Error("no notice of the end")
		}
		w.see(warning("HighCPUUsage", cart1))
		time.Sleep(time.Second)
		if a := w.last(); a.Annotations["ended_by"] != "" || a.EndsAt.Before(time.Now().Add(19*time.Minute)) {
			t.Errorf("after a repeat in the last moment: ends %v, %q", a.EndsAt, a.Annotations["ended_by"])
		}
	})
}

func TestNewEpisodeAfterTheEnd(t *testing.T) {
	inWorld(t, func(w *world) {
		w.see(warning("HighCPUUsage", cart1))
		time.Sleep(25 * time.Minute)
		w.got()
		begin := time.Now()
		w.see(warning("HighCPUUsage", cart1))
		a := w.last()
		if !a.StartsAt.Equal(begin) || a.Annotations["count"] != "1" || a.Annotations["ended_by"] != "" {
			t.Errorf("second episode: since %v, %v", a.StartsAt, a.Annotations)
		}
		time.Sleep(3 * time.Minute)
		for _, a := range w.got() {
			if !a.StartsAt.Equal(begin) {
				t.Errorf("the first episode is still sent: %v", a)
			}
		}
	})
}

func TestRefreshIsDenserAtFirst(t *testing.T) {
	inWorld(t, func(w *world) {
		for i := range 30 {
			w.see(warning("HighCPUUsage", fmt.Sprintf("cart-7dc45b778d-x2x4%c", "bcdfghjklm"[i%10])))
			time.Sleep(time.Second)
		}
		if as := w.got(); len(as) < 3 || len(as) > 6 || as[1].Annotations["objects"] == "1" {
			t.Errorf("sent %d times in 30 s", len(as))
		}
	})
}

func TestFor(t *testing.T) {
	inWorld(t, func(w *world) {
		w.see(warning("Slow", cart1))
		time.Sleep(4 * time.Minute)
		w.see(warning("Slow", cart1))
		time.Sleep(4 * time.Minute)
		w.none("before for is over, and without an occurrence after it")
		w.see(warning("Slow", cart1))
		if a := w.last(); !a.StartsAt.Equal(time.Now()) || a.Annotations["count"] != "3" {
			t.Errorf("fired since %v, %v", a.StartsAt, a.Annotations)
		}
	}, withRules(t, `rules: [{matchers: ['reason="Slow"'], for: 5m}]`))
}

func TestPendingEndsSilently(t *testing.T) {
	inWorld(t, func(w *world) {
		w.see(warning("Slow", cart1))
		time.Sleep(25 * time.Minute)
		w.see(warning("Slow", cart1)) // another episode
		w.see(normal("Fast", cart1))
		time.Sleep(10 * time.Minute)
		w.see(warning("Slow", cart1)) // and another
		w.none("pending")
		if v := w.Views(); len(v) != 1 || v[0].State != Pending || v[0].Count != 1 {
			t.Errorf("%+v", v)
		}
	}, withRules(t, `rules: [{matchers: ['reason="Slow"'], for: 5m, resolve_on: [Fast]}]`))
}

func TestMinOccurrences(t *testing.T) {
	rules := withRules(t, `
rules:
- {matchers: ['reason="Often"'], min_occurrences: 3, within: 10m}
- {matchers: ['reason="Ever"'], min_occurrences: 3}`)
	inWorld(t, func(w *world) {
		for range 5 {
			w.see(warning("Often", cart1))
			time.Sleep(6 * time.Minute)
		}
		w.none("never three within 10 minutes")
		w.see(warning("Often", cart1))
		time.Sleep(time.Minute)
		w.see(warning("Often", cart1))
		if len(w.got()) != 1 {
			t.Error("three within 10 minutes do not fire")
		}
		// A jump of the count holds several.
		o := warning("Often", "db-0")
		o.New, o.Count = 3, 3
		w.see(o)
		if len(w.got()) != 1 {
			t.Error("three at once do not fire")
		}
		w.see(warning("Ever", cart1))
		time.Sleep(15 * time.Minute)
		w.see(warning("Ever", cart1))
		time.Sleep(15 * time.Minute)
		w.got()
		w.see(warning("Ever", cart1))
		if len(w.got()) != 1 {
			t.Error("the third does not fire")
		}
	}, rules)
}

// An event whose first occurrences were held back tells how long it has lasted.
func TestForCountsFromTheEventsFirst(t *testing.T) {
	inWorld(t, func(w *world) {
		o := warning("Slow", cart1)
		o.Last = time.Now().Add(-time.Hour) // a wrong clock, but one clock
		o.First = o.Last.Add(-6 * time.Minute)
		o.New, o.Count = 7, 9
		w.see(o)
		w.none("two of nine were before the episode")
		o.Object.Name = "db-0"
		o.New = 9
		w.see(o)
		if a := w.last(); a.Annotations["first_seen"] != time.Now().Add(-6*time.Minute).UTC().Format(time.RFC3339) {
			t.Errorf("%v", a.Annotations)
		}
	}, withRules(t, `rules: [{matchers: ['reason="Slow"'], for: 5m}]`))
}

func TestSeriesRecorderIsGivenLonger(t *testing.T) {
	inWorld(t, func(w *world) {
		o := warning("FailedScheduling", cart1)
		o.SeriesRecorder = true
		w.see(o)
		if a := w.last(); !a.EndsAt.Equal(time.Now().Add(35 * time.Minute)) {
			t.Errorf("ends %v", a.EndsAt)
		}
	})
}

func TestSpeed(t *testing.T) {
	inWorld(t, func(w *world) {
		begin := time.Now()
		o := warning("HighCPUUsage", cart1)
		o.Origin, o.New = occurrence.Replayed, 1
		w.see(o)
		over := begin.Add(2 * time.Minute)
		if a := w.last(); !a.EndsAt.Equal(over) {
			t.Errorf("ends %v", a.EndsAt)
		}
		time.Sleep(2*time.Minute + 3*time.Second)
		w.over(w.last(), over, "quiet for 20m")
	}, func(o *Options, _ *Settings) { o.Speed = 10 })
}

func TestReporterClockMovesNothing(t *testing.T) {
	inWorld(t, func(w *world) {
		for _, skew := range []time.Duration{-time.Hour, time.Hour} {
			o := warning("HighCPUUsage", cart1)
			o.First, o.Last = time.Now().Add(skew), time.Now().Add(skew)
			w.see(o)
			if a := w.last(); !a.EndsAt.Equal(time.Now().Add(20*time.Minute)) || a.StartsAt.After(time.Now()) {
				t.Errorf("skew %v: from %v to %v", skew, a.StartsAt, a.EndsAt)
			}
			time.Sleep(time.Hour)
			w.got()
		}
	})
}

func TestWatchDown(t *testing.T) {
	inWorld(t, func(w *world) {
		w.see(warning("HighCPUUsage", cart1))
		time.Sleep(2 * time.Minute)
		w.got()
		w.setDown(true)
		time.Sleep(30 * time.Minute)
		w.none("while the watch is down")
		if as := w.Current(); len(as) != 0 {
			t.Errorf("a new Alertmanager gets %v", as)
		}
		w.setDown(false)
		time.Sleep(5 * time.Second)
		w.see(warning("HighCPUUsage", cart1)) // what was missed comes in
		time.Sleep(time.Minute + time.Second)
		if a := w.last(); a.Annotations["ended_by"] != "" || a.Annotations["count"] != "2" {
			t.Errorf("after the gap: %v", a.Annotations)
		}
	})
}

// After the watch has come back an alert goes on from the first occurrence on,
// though nothing may end yet: with a short quiet time Alertmanager would end it.
func TestRefreshedSoonAfterTheWatch(t *testing.T) {
	inWorld(t, func(w *world) {
		w.setDown(true)
		time.Sleep(time.Minute)
		w.setDown(false)
		for range 30 {
			w.see(warning("Slow", cart1))
			time.Sleep(time.Second)
		}
		as := w.got()
		for i := 1; i < len(as); i++ {
			if d := as[i].EndsAt.Sub(as[i-1].EndsAt); d > 5*time.Second {
				t.Errorf("its end was moved by %v at once", d)
			}
		}
		if len(as) < 10 {
			t.Errorf("sent %d times", len(as))
		}
	}, withRules(t, `rules: [{matchers: ['reason="Slow"'], keep_firing_for: 10s}]`))
}
