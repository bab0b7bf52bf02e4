package episode

import (
	"context"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/go-kit/log"
	"github.com/prometheus/client_golang/prometheus"

	"github.com/kubebark/kubebark/alertbridge/notify"
	"github.com/kubebark/kubebark/alertbridge/rule"
	"github.com/kubebark/kubebark/exporter/occurrence"
	"github.com/kubebark/kubebark/internal/conf"
	"github.com/kubebark/kubebark/internal/leaktest"
)

func TestMain(m *testing.M) { leaktest.Main(m) }

// world is a tracker in a synctest bubble, and what it has sent.
type world struct {
	*Tracker
	t       *testing.T
	version uint64

	mu   sync.Mutex
	sent []notify.Alert
	down bool // the watch
}

type option func(*Options, *Settings)

func withRules(t *testing.T, yaml string) option {
	return func(_ *Options, s *Settings) { s.Rules = compile(t, yaml) }
}

func nopLogger() log.Logger { return log.NewNopLogger() }

func compile(t *testing.T, yaml string) *rule.Set {
	t.Helper()
	c := rule.DefaultConfig()
	if err := conf.Parse("test.yml", []byte(yaml), &c); err != nil {
		t.Fatal(err)
	}
	set, err := rule.Compile(c, nil)
	if err != nil {
		t.Fatal(err)
	}
	return set
}

// inWorld runs f in a bubble, with time to be spent by time.Sleep.
func inWorld(t *testing.T, f func(w *world), opts ...option) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		w := &world{t: t}
		o := Options{
			Logger: log.NewNopLogger(), Registerer: prometheus.NewRegistry(), Send: w.take,
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
		ctx, cancel := context.WithCancel(t.Context())
		done := make(chan error)
		go func() { done <- w.Run(ctx) }()
		defer func() {
			cancel()
			if err := <-done; err != nil {
				t.Errorf("Run: %v", err)
			}
		}()
		f(w)
	})
}

func (w *world) take(as ...notify.Alert) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.sent = append(w.sent, as...)
}

func (w *world) setDown(down bool) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.down = down
}

// got returns what was sent since the last call.
func (w *world) got() []notify.Alert {
	synctest.Wait()
	w.mu.Lock()
	defer w.mu.Unlock()
	as := w.sent
	w.sent = nil
	return as
}

// last returns the latest of what was sent since the last call.
func (w *world) last() notify.Alert {
	w.t.Helper()
	as := w.got()
	if len(as) == 0 {
		w.t.Fatal("nothing was sent")
	}
	return as[len(as)-1]
}

// none fails if anything was sent since the last call.
func (w *world) none(when string) {
	w.t.Helper()
	for _, a := range w.got() {
		w.t.Errorf("%s: sent %v, ends %v", when, a.Labels, a.EndsAt)
	}
}

// see observes a new occurrence, as the watch brings it.
func (w *world) see(o occurrence.Occurrence) {
	w.version++
	if o.Version == 0 {
		o.Version = w.version
	}
	if o.New == 0 && o.Origin == occurrence.Watched {
		o.New = 1
	}
	if o.At.IsZero() {
		o.At = time.Now()
	}
	w.Observe(&o)
}

func warning(reason, pod string) occurrence.Occurrence { return happened("Warning", reason, pod) }
func normal(reason, pod string) occurrence.Occurrence  { return happened("Normal", reason, pod) }

func happened(eventType, reason, pod string) occurrence.Occurrence {
	return occurrence.Occurrence{Event: occurrence.Event{
		Type: eventType, Reason: reason, Message: reason + " of " + pod, Count: 1, Counted: true,
		Object:    occurrence.Object{Kind: "Pod", Namespace: "shop", Name: pod, UID: "uid-" + pod},
		Component: "kubelet", Host: "node-1",
	}}
}

func in(container string, o occurrence.Occurrence) occurrence.Occurrence {
	o.Object.FieldPath = "spec.containers{" + container + "}"
	return o
}

// over checks that the alert is over since the time, for the reason.
func (w *world) over(a notify.Alert, at time.Time, by string) {
	w.t.Helper()
	if !a.EndsAt.Equal(at) || a.Annotations["ended_by"] != by {
		w.t.Errorf("ended at %v by %q, want %v by %q", a.EndsAt, a.Annotations["ended_by"], at, by)
	}
	if a.EndsAt.After(time.Now()) {
		w.t.Errorf("the end %v is in the future", a.EndsAt)
	}
}

const (
	cart1 = "cart-7dc45b778d-x2x4q"
	cart2 = "cart-7dc45b778d-zz89b"
)
