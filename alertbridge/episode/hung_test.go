package episode

import (
	"sync"
	"testing"
	"time"
)

// hanging is a watch that hears nothing, or one of a quiet cluster, which shows
// that it lives when it is asked to.
type hanging struct {
	mu     sync.Mutex
	heard  time.Time
	asked  int
	answer bool
}

func (h *hanging) Heard(string) time.Time {
	h.mu.Lock()
	defer h.mu.Unlock()
	return h.heard
}

func (h *hanging) Renew(string, time.Time) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.asked++
	if h.answer {
		h.heard = time.Now()
	}
}

func (h *hanging) hear() {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.heard = time.Now()
}

func (h *hanging) wasAsked() int {
	h.mu.Lock()
	defer h.mu.Unlock()
	return h.asked
}

func (h *hanging) revive() {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.answer = true
}

func withWatch(h *hanging) option { return func(o *Options, _ *Settings) { o.Watch = h } }

// A watch that hangs looks quiet. What it does not hear of is not over.
func TestHungWatchEndsNothing(t *testing.T) {
	h := &hanging{}
	inWorld(t, func(w *world) {
		h.hear()
		begin := time.Now()
		w.see(warning("HighCPUUsage", cart1))
		time.Sleep(time.Hour)
		for _, a := range w.got() {
			if a.EndsAt.Before(begin.Add(20 * time.Minute)) {
				t.Errorf("ended at %v by %q", a.EndsAt, a.Annotations["ended_by"])
			}
		}
		if n := w.Views()[0]; n.State != Firing || h.wasAsked() == 0 {
			t.Errorf("%v; the watch was asked %d times", n.State, h.wasAsked())
		}
		w.see(warning("HighCPUUsage", cart1)) // the watch is back with what it missed
		h.hear()
		again := time.Now()
		time.Sleep(time.Minute)
		if a := w.last(); !a.EndsAt.Equal(again.Add(20*time.Minute)) || !a.StartsAt.Equal(begin) {
			t.Errorf("goes on until %v", a.EndsAt)
		}
		h.revive()
		time.Sleep(20 * time.Minute)
		w.over(w.last(), again.Add(20*time.Minute), "quiet for 20m")
	}, withWatch(h))
}

// Where nothing at all happens the watch is asked once, soon after the quiet
// time; where something does it need not be.
func TestQuietClusterEndsInTime(t *testing.T) {
	for _, busy := range []bool{false, true} {
		h := &hanging{answer: true}
		inWorld(t, func(w *world) {
			begin := time.Now()
			h.hear()
			w.see(warning("HighCPUUsage", cart1))
			for time.Since(begin) < 20*time.Minute+grace+proofAfter+time.Second {
				time.Sleep(time.Second)
				if busy {
					h.hear()
				}
			}
			w.over(w.last(), begin.Add(20*time.Minute), "quiet for 20m")
			if want := map[bool]int{false: 1, true: 0}[busy]; h.wasAsked() != want {
				t.Errorf("busy %v: the watch was asked %d times, want %d", busy, h.wasAsked(), want)
			}
		}, withWatch(h))
	}
}

// Between the end of the quiet time and our word that it is over nothing is
// sent: another exporter may have heard more.
func TestNothingIsSaidInBetween(t *testing.T) {
	inWorld(t, func(w *world) {
		w.see(warning("HighCPUUsage", cart1))
		time.Sleep(20*time.Minute - time.Millisecond)
		w.got()
		time.Sleep(grace)
		w.none("after the quiet time")
		if as := w.Current(); len(as) != 0 {
			t.Errorf("current: %+v", as)
		}
	}, func(_ *Options, s *Settings) { s.Resend = time.Second })
}
