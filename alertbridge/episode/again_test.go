package episode

import (
	"context"
	"errors"
	"testing"
	"time"
)

// TestAskedAgain: what could not be told when an alert began is told later, and
// the alert has not waited for it.
func TestAskedAgain(t *testing.T) {
	f := newFake()
	f.err = errors.New("the server is not there")
	inWorld(t, func(w *world) {
		w.see(warning("BackOff", cart1))
		w.last() // at once
		time.Sleep(2 * time.Minute)
		for _, a := range w.got() {
			if a.Annotations["exit"] != "" || a.Annotations["owner"] != "" {
				t.Fatalf("annotations %v", a.Annotations)
			}
		}
		f.set(func() { f.err = nil })
		time.Sleep(5 * time.Minute)
		a := w.last()
		if a.Annotations["exit"] != f.exit || a.Annotations["owner"] != "Deployment/shop/shopping" {
			t.Errorf("annotations %v", a.Annotations)
		}
		asked := f.times("exit of " + cart1)
		time.Sleep(20 * time.Minute)
		if n := f.times("exit of " + cart1); n != asked {
			t.Errorf("asked %d times more though it is known", n-asked)
		}
		// What was met late can be seen to be gone, too.
		f.set(func() { delete(f.owners, cart1) })
		time.Sleep(2 * checkAfter)
		a = w.last()
		w.over(a, a.EndsAt, "object gone")
	}, withLookups(f))
}

// TestAskedNoMore: a question that always fails is put a few times only, be it
// by one alert or by several about one object.
func TestAskedNoMore(t *testing.T) {
	f := newFake()
	f.err = errors.New("forbidden")
	inWorld(t, func(w *world) {
		for range 12 * 60 {
			w.see(warning("BackOff", cart1))
			time.Sleep(time.Minute)
		}
		for _, what := range []string{"exit of ", "owner of "} {
			if n := f.times(what + cart1); n != maxAsks {
				t.Errorf("asked for the %s%s %d times in 12 hours", what, cart1, n)
			}
		}
		w.see(warning("FailedMount", cart1))
		w.see(warning("FailedScheduling", cart1))
		time.Sleep(12 * time.Hour)
		if n := f.times("owner of " + cart1); n > 3*maxAsks {
			t.Errorf("asked %d times for three alerts", n)
		}
		if n := f.times(cart1); n != 0 {
			t.Errorf("asked %d times whether it is there, though it was never seen", n)
		}
	}, withLookups(f))
}

// TestStatusAfterTheEvent: an event may come before the status that it is about,
// and what the first question did not bring a later one does.
func TestStatusAfterTheEvent(t *testing.T) {
	f := newFake()
	exit := f.exit
	f.exit = ""
	inWorld(t, func(w *world) {
		w.see(warning("BackOff", cart1))
		time.Sleep(10 * time.Second)
		f.set(func() { f.exit = exit })
		time.Sleep(time.Minute)
		if got := w.last().Annotations["exit"]; got != exit {
			t.Errorf("exit %q, want %q", got, exit)
		}
		if n := f.times("exit of " + cart1); n != 2 {
			t.Errorf("asked %d times", n)
		}
	}, withLookups(f))
}

// TestGoneIsAnAnswer: an object that is not there is not asked for again.
func TestGoneIsAnAnswer(t *testing.T) {
	f := newFake()
	clear(f.owners)
	inWorld(t, func(w *world) {
		w.see(warning("FailedScheduling", cart1))
		time.Sleep(15 * time.Minute)
		if n := f.times("owner of " + cart1); n != 1 {
			t.Errorf("asked %d times", n)
		}
	}, withLookups(f))
}

// TestAskedAfterRestart: a restarted exporter asks for what the last one was not
// told.
func TestAskedAfterRestart(t *testing.T) {
	f := newFake()
	f.err = errors.New("the server is not there")
	stopped(t, func(w *world) {
		ctx, cancel := context.WithCancel(w.t.Context())
		defer cancel()
		go w.look(ctx)
		w.see(warning("BackOff", cart1))
		if a := w.last(); a.Annotations["exit"] != "" {
			t.Errorf("annotations %v", a.Annotations)
		}
		f.set(func() { f.err = nil })
		w.restart(time.Minute, w.Save())
		go w.look(ctx)
		w.got()
		if vs := w.Views(); len(vs) != 1 || vs[0].Annotations["exit"] != f.exit {
			t.Errorf("%+v", vs)
		}
	}, withLookups(f))
}
