package episode

import (
	"encoding/json"
	"testing"
	"testing/synctest"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/kubebark/kubebark/exporter/occurrence"
)

// restart replaces the tracker by one that goes on from its state, as after a
// stop of that length.
func (w *world) restart(down time.Duration, saved []Saved) {
	w.t.Helper()
	b, err := json.Marshal(saved)
	if err != nil {
		w.t.Fatal(err)
	}
	var back []Saved
	if err := json.Unmarshal(b, &back); err != nil {
		w.t.Fatal(err)
	}
	time.Sleep(down)
	old := w.Tracker
	w.Tracker, err = New(Options{
		Logger: old.logger, Registerer: prometheus.NewRegistry(), Send: w.take, Connected: old.connected,
		Lookups: old.questions.lookups,
	}, old.settings)
	if err != nil {
		w.t.Fatal(err)
	}
	w.Restore(back)
}

// tickFor lets the tracker's time pass by hand, since only the first one runs.
func (w *world) tickFor(d time.Duration) {
	for end := time.Now().Add(d); time.Now().Before(end); {
		time.Sleep(min(w.tick(time.Now()), time.Until(end)))
	}
	w.tick(time.Now())
}

// stopped runs f with a tracker that does not move by itself.
func stopped(t *testing.T, f func(w *world), opts ...option) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		w := &world{t: t}
		o := Options{
			Logger: nopLogger(), Registerer: prometheus.NewRegistry(), Send: w.take,
			Connected: func() bool { w.mu.Lock(); defer w.mu.Unlock(); return !w.down },
		}
		s := Settings{Rules: compile(t, ""), MaxActive: 100, Resend: time.Minute}
		for _, opt := range opts {
			opt(&o, &s)
		}
		var err error
		if w.Tracker, err = New(o, s); err != nil {
			t.Fatal(err)
		}
		f(w)
	})
}

func TestRestart(t *testing.T) {
	stopped(t, func(w *world) {
		begin := time.Now()
		lasting := in("app", warning("HighCPUUsage", cart1))
		w.see(lasting)
		w.see(warning("FailedScheduling", cart2))
		node := normal("NodeNotReady", "")
		node.Object = occurrence.Object{Kind: "Node", Name: "node-1"}
		w.see(node)
		w.see(warning("FailedMount", "db-0"))
		w.see(normal("Started", "db-0")) // ended lately
		w.tickFor(2 * time.Minute)
		w.got()

		w.setDown(true)
		w.restart(3*time.Minute, w.Save())
		w.tickFor(time.Minute)
		w.none("before what happened meanwhile has come in")
		w.see(listed(lasting, 1, 5*time.Minute)) // as it was
		w.see(listed(normal("Scheduled", cart2), 30, 4*time.Minute))
		w.Synced()
		w.setDown(false)
		w.tickFor(2 * time.Minute)
		seen := map[string]int{}
		for _, a := range w.got() {
			reason := a.Labels["reason"]
			seen[reason]++
			if !a.StartsAt.Equal(begin) {
				t.Errorf("%s began at %v", reason, a.StartsAt)
			}
			switch reason {
			case "HighCPUUsage":
				if a.Annotations["count"] != "1" || !a.EndsAt.Equal(begin.Add(20*time.Minute)) {
					t.Errorf("ends %v, %v", a.EndsAt, a.Annotations)
				}
			case "FailedScheduling":
				if a.Annotations["ended_by"] != "recovery: Scheduled" {
					t.Errorf("%v", a.Annotations)
				}
			case "FailedMount":
				w.over(a, begin, "recovery: Started")
			}
		}
		for _, reason := range []string{"HighCPUUsage", "FailedScheduling", "NodeNotReady", "FailedMount"} {
			if seen[reason] == 0 {
				t.Errorf("%s is not sent after the restart", reason)
			}
		}
		w.tickFor(5 * time.Hour) // the event has expired long ago
		w.got()
		ready := normal("NodeReady", "")
		ready.Object, ready.Version = node.Object, 99
		w.see(ready)
		w.over(w.last(), time.Now(), "recovery: NodeReady")
	})
}

func TestRestartWhilePending(t *testing.T) {
	stopped(t, func(w *world) {
		w.see(warning("Slow", cart1))
		time.Sleep(time.Minute)
		w.see(warning("Slow", cart1))
		w.restart(5*time.Minute, w.Save())
		w.none("pending")
		w.see(warning("Slow", cart1))
		if a := w.last(); a.Annotations["count"] != "3" || !a.StartsAt.Equal(time.Now()) {
			t.Errorf("since %v, %v", a.StartsAt, a.Annotations)
		}
	}, withRules(t, `rules: [{matchers: ['reason="Slow"'], for: 5m, min_occurrences: 3, within: 10m}]`))
}

func TestRestartWithAnotherRule(t *testing.T) {
	stopped(t, func(w *world) {
		w.see(warning("HighCPUUsage", cart1))
		w.got()
		saved := w.Save()
		w.settings.Rules = compile(t, `rules: [{matchers: ['reason="HighCPUUsage"'], drop: true}]`)
		w.restart(time.Minute, saved)
		w.over(w.last(), time.Now(), "configuration changed")
		w.tickFor(time.Hour)
		if vs := w.Views(); len(vs) != 0 {
			t.Errorf("an hour later: %+v", vs)
		}
	})
}

func TestRestartWithOtherLabels(t *testing.T) {
	stopped(t, func(w *world) {
		w.see(warning("HighCPUUsage", cart1))
		old := w.last()
		saved := w.Save()
		w.settings.Rules = compile(t, `rules: [{matchers: ['reason="HighCPUUsage"'], labels: {team: a}}]`)
		w.restart(time.Minute, saved)
		as := w.got()
		if len(as) != 2 || as[0].Fingerprint != old.Fingerprint || as[1].Labels["team"] != "a" {
			t.Fatalf("sent %+v", as)
		}
		w.over(as[0], time.Now(), "configuration changed")
		w.see(warning("HighCPUUsage", cart1))
		if vs := w.Views(); len(vs) != 2 || vs[0].State != Firing || vs[0].Count != 2 || vs[1].State != Ended {
			t.Errorf("%+v", vs)
		}
	})
}
