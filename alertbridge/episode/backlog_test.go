package episode

import (
	"slices"
	"testing"
	"time"

	"github.com/kubebark/kubebark/alertbridge/notify"
)

// What was missed comes in at once: an alert whose end is in it is not said to
// last meanwhile, for another exporter has told Alertmanager that it is over, and
// it would fire again. Neither is it where not the watch but the process was
// stopped.
func TestBacklogWithAnEnd(t *testing.T) {
	for name, away := range map[string]func(w *world, stopped chan chan struct{}){
		"the watch was away": func(w *world, _ chan chan struct{}) {
			w.setDown(true)
			time.Sleep(2 * time.Minute)
			w.setDown(false)
			time.Sleep(time.Second) // it is seen to be back
		},
		"the process was stopped": func(w *world, stopped chan chan struct{}) {
			goOn := make(chan struct{})
			stopped <- goOn // at the next tick
			time.Sleep(150 * time.Second)
			close(goOn)
			time.Sleep(minTick)
			w.got() // what it was about to do
		},
	} {
		t.Run(name, func(t *testing.T) {
			var stopped chan chan struct{}
			inWorld(t, func(w *world) {
				w.see(warning("Slow", cart1))
				time.Sleep(2 * time.Minute)
				w.got()
				away(w, stopped)
				w.see(warning("Slow", cart1))
				time.Sleep(500 * time.Millisecond)
				if as := w.Current(); len(as) != 0 {
					t.Errorf("a new Alertmanager gets %v", as)
				}
				w.see(normal("Fast", cart1))
				time.Sleep(time.Minute)
				for _, a := range w.got() {
					if a.Annotations["ended_by"] != "recovery: Fast" {
						t.Errorf("sent with an end at %v, %q", a.EndsAt, a.Annotations["ended_by"])
					}
				}
			}, withRules(t, `rules: [{matchers: ['reason="Slow"'], keep_firing_for: 20m, resolve_on: [Fast]}]`), func(o *Options, _ *Settings) {
				stopped = make(chan chan struct{}, 1)
				connected := o.Connected
				o.Connected = func() bool {
					select {
					case goOn := <-stopped:
						<-goOn
					default:
					}
					return connected()
				}
			})
		})
	}
}

// What is due while the watch is not back yet is late, and no sign that the
// process was stopped: else it would be so for ever, and no alert would end.
func TestDueWhileNotBack(t *testing.T) {
	inWorld(t, func(w *world) {
		w.see(warning("Slow", cart1))
		w.see(warning("Gone", cart1))
		w.see(normal("Fast", cart1)) // its end is to be sent again, soon
		w.setDown(true)
		time.Sleep(10 * time.Second)
		w.setDown(false)
		time.Sleep(2 * time.Minute)
		ended := slices.ContainsFunc(w.got(), func(a notify.Alert) bool {
			return a.Annotations["ended_by"] == "quiet for 1m" && !a.EndsAt.After(time.Now())
		})
		if !ended {
			t.Errorf("an alert that has long been quiet is not ended: %v", w.Current())
		}
	}, withRules(t, `rules: [{matchers: ['reason="Slow"'], keep_firing_for: 20m, resolve_on: [Fast]}, {matchers: ['reason="Gone"'], keep_firing_for: 1m}]`),
		func(_ *Options, s *Settings) { s.Resend = 5 * time.Second })
}
