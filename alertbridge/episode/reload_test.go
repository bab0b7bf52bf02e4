package episode

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/kubebark/kubebark/alertbridge/notify"
)

// apply puts other rules in force, as a reload does.
func (w *world) apply(yaml string) {
	w.t.Helper()
	s := w.settings
	s.Rules = compile(w.t, yaml)
	w.Apply(s)
}

// states returns the names and severities of alerts and whether they fire, as
// they were sent last.
func states(as []notify.Alert) map[string]string {
	got := map[string]string{}
	for _, a := range as {
		state := "fires"
		if by := a.Annotations["ended_by"]; by != "" {
			state = by
		}
		got[a.Labels["severity"]+" "+a.Labels["name"]] = state
	}
	return got
}

const other = "configuration changed"

// TestReload has a row for each way in which the rule of an active alert may
// change: what is sent because of that, at once, and what fires then.
func TestReload(t *testing.T) {
	type m = map[string]string
	for _, tt := range []struct {
		name         string
		before, then string // rules
		sent         m
		fires        int
		again        m // sent when the trouble is seen again on the first object
	}{
		{
			"nothing changes", "", "",
			m{},
			1,
			m{"warning cart": "fires"},
		},
		{
			"what is no label", "",
			`rules: [{name: x, matchers: ['reason="Slow"'], keep_firing_for: 2h, annotations: {a: b}}]`,
			m{},
			1,
			m{"warning cart": "fires"},
		},
		{
			"a rule that would hold it back", "",
			`rules: [{name: x, matchers: ['reason="Slow"'], for: 1h, min_occurrences: 9}]`,
			m{},
			1,
			m{"warning cart": "fires"},
		},
		{
			"a label", "",
			`rules: [{matchers: ['reason="Slow"'], labels: {severity: critical}}]`,
			m{"warning cart": other, "critical cart": "fires"},
			1,
			m{"critical cart": "fires"},
		},
		{
			"dropped", "",
			`rules: [{matchers: ['reason="Slow"'], drop: true}]`,
			m{"warning cart": other},
			0,
			m{},
		},
		{
			"one of its objects dropped", "",
			`rules: [{matchers: ['reason="Slow"', 'name="` + cart2 + `"'], drop: true}]`,
			m{},
			1,
			m{"warning cart": "fires"},
		},
		{
			"one for each object", "", `identity: object`,
			m{"warning cart": other, "warning " + cart1: "fires", "warning " + cart2: "fires"},
			2,
			m{"warning " + cart1: "fires"},
		},
		{
			"one for all objects", `identity: object`, "",
			m{"warning " + cart1: other, "warning " + cart2: other, "warning cart": "fires"},
			1,
			m{"warning cart": "fires"},
		},
		{
			"some go elsewhere", "",
			`rules: [{matchers: ['reason="Slow"', 'name="` + cart2 + `"'], labels: {severity: info}}]`,
			m{"info cart": "fires"},
			2,
			m{"warning cart": "fires"},
		},
	} {
		t.Run(tt.name, func(t *testing.T) {
			inWorld(t, func(w *world) {
				w.see(warning("Slow", cart1))
				w.see(warning("Slow", cart2))
				time.Sleep(90 * time.Second)
				w.got()
				w.apply(tt.then)
				if d := cmp.Diff(tt.sent, states(w.got())); d != "" {
					t.Errorf("sent at once (-want +got)\n%s", d)
				}
				if _, firing := w.counts(); firing != tt.fires {
					t.Errorf("%d alerts fire, want %d", firing, tt.fires)
				}
				time.Sleep(time.Second)
				w.see(warning("Slow", cart1))
				time.Sleep(2 * time.Minute)
				again := states(w.got())
				for name, state := range tt.again {
					if again[name] != state {
						t.Errorf("seen again, %s: %q, want %q", name, again[name], state)
					}
				}
				if _, firing := w.counts(); firing != tt.fires {
					t.Errorf("seen again, %d alerts fire, want %d", firing, tt.fires)
				}
			}, withRules(t, tt.before))
		})
	}
}

// TestReloadKeepsWhatIsKnown: an alert that goes on under other labels has its
// history, ends with its recovery, and fires since the reload.
func TestReloadKeepsWhatIsKnown(t *testing.T) {
	f := newFake()
	inWorld(t, func(w *world) {
		begin := time.Now()
		w.see(warning("FailedScheduling", cart1))
		time.Sleep(time.Minute)
		w.see(warning("FailedScheduling", cart1))
		w.got()
		w.apply(`rules: [{matchers: ['reason="FailedScheduling"'], resolve_on: [Scheduled], labels: {team: a}}]`)
		a := w.last()
		if a.Labels["team"] != "a" || a.Annotations["count"] != "2" || a.Annotations["exit"] != f.exit ||
			a.Annotations["first_seen"] != begin.UTC().Format(time.RFC3339) || !a.StartsAt.Equal(time.Now()) {
			t.Errorf("%+v", a)
		}
		w.see(normal("Scheduled", cart1))
		w.over(w.last(), time.Now(), "recovery: Scheduled")
	}, withLookups(f))
}

// TestReloadOfPending: who waits goes on waiting, and nothing is sent.
func TestReloadOfPending(t *testing.T) {
	const rules = `rules: [{matchers: ['reason="Slow"'], for: 5m, labels: {team: `
	inWorld(t, func(w *world) {
		w.see(warning("Slow", cart1))
		w.apply(rules + `b}}]`)
		w.none("pending")
		time.Sleep(5 * time.Minute)
		w.see(warning("Slow", cart1))
		if as := w.got(); len(as) != 1 || as[0].Labels["team"] != "b" || as[0].Annotations["count"] != "2" {
			t.Errorf("sent %+v", as)
		}
	}, withRules(t, rules+`a}}]`))
}

// TestReloadOfFolded: what stands for many stays, and is no more than it was.
func TestReloadOfFolded(t *testing.T) {
	inWorld(t, func(w *world) {
		for _, name := range []string{"a-x", "b-x", "c-x"} {
			w.see(warning("Slow", name))
		}
		w.got()
		w.apply(`identity: object`)
		if len(w.active) != 2 || w.folds != 1 {
			t.Errorf("%d active, %d folded", len(w.active), w.folds)
		}
		w.apply(`rules: [{matchers: ['reason="Slow"'], drop: true}]`)
		if len(w.active) != 0 || w.folds != 0 || w.subjects.kept != 0 {
			t.Errorf("%d active, %d folded, %d objects", len(w.active), w.folds, w.subjects.kept)
		}
	}, func(_ *Options, s *Settings) { s.MaxActive = 1 })
}

// TestReloadStaysBounded: dividing an alert makes no more than there may be.
func TestReloadStaysBounded(t *testing.T) {
	inWorld(t, func(w *world) {
		for _, name := range []string{"cart-7dc45b778d-x2x4q", "cart-7dc45b778d-zz89b", "cart-7dc45b778d-bbbbb", "cart-7dc45b778d-ccccc"} {
			w.see(warning("Slow", name))
		}
		w.apply(`identity: object`)
		if len(w.active) != 2 || w.subjects.kept != 2 {
			t.Errorf("%d active, %d objects", len(w.active), w.subjects.kept)
		}
	}, func(_ *Options, s *Settings) { s.MaxActive = 2 })
}

// TestDiagnosticsSwitchedOn asks for alerts that fire already.
func TestDiagnosticsSwitchedOn(t *testing.T) {
	f := newFake()
	inWorld(t, func(w *world) {
		w.see(warning("BackOff", cart1))
		w.got()
		s := w.settings
		s.PodStatus = true
		w.Apply(s)
		time.Sleep(2 * time.Minute)
		if a := w.last(); a.Annotations["exit"] != f.exit {
			t.Errorf("annotations %v", a.Annotations)
		}
	}, withLookups(f), func(_ *Options, s *Settings) { s.PodStatus = false })
}
