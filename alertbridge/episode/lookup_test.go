package episode

import (
	"context"
	"errors"
	"sync"
	"testing"
	"time"

	"github.com/kubebark/kubebark/exporter/occurrence"
)

// fakeLookups answers from a table of owners; what is not in it does not exist.
type fakeLookups struct {
	mu     sync.Mutex
	owners map[string]occurrence.Object
	exit   string
	takes  time.Duration
	err    error
	asked  map[string]int
}

func (f *fakeLookups) ask(ctx context.Context, what string) error {
	f.mu.Lock()
	f.asked[what]++
	takes, err := f.takes, f.err
	f.mu.Unlock()
	if takes == 0 {
		return err
	}
	select {
	case <-time.After(takes):
		return err
	case <-ctx.Done():
		return ctx.Err()
	}
}

func (f *fakeLookups) Owner(ctx context.Context, o occurrence.Object) (owner occurrence.Object, ok bool, err error) {
	if err := f.ask(ctx, "owner of "+o.Name); err != nil {
		return owner, false, err
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	owner, ok = f.owners[o.Name]
	return owner, ok, nil
}

func (f *fakeLookups) Exists(ctx context.Context, o occurrence.Object) (bool, error) {
	if err := f.ask(ctx, o.Name); err != nil {
		return false, err
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	_, ok := f.owners[o.Name]
	return ok, nil
}

func (f *fakeLookups) PodStatus(ctx context.Context, o occurrence.Object) (string, error) {
	err := f.ask(ctx, "exit of "+o.Name)
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.exit, err
}

func (f *fakeLookups) set(change func()) {
	f.mu.Lock()
	defer f.mu.Unlock()
	change()
}

func (f *fakeLookups) times(what string) int {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.asked[what]
}

func cartOwner() occurrence.Object {
	return occurrence.Object{APIVersion: "apps/v1", Kind: "Deployment", Namespace: "shop", Name: "shopping"}
}

func newFake() *fakeLookups {
	return &fakeLookups{
		owners: map[string]occurrence.Object{cart1: cartOwner(), cart2: cartOwner()},
		exit:   "container app: CrashLoopBackOff; last exit 137 (OOMKilled)", asked: map[string]int{},
	}
}

func withLookups(f *fakeLookups) option {
	return func(o *Options, s *Settings) { o.Lookups, s.PodStatus = f, true }
}

const byOwner = "identity: owner\n"

func TestOwnerIdentity(t *testing.T) {
	f := newFake()
	inWorld(t, func(w *world) {
		f.set(func() { f.takes = time.Second })
		w.see(warning("FailedScheduling", cart1))
		w.none("its owner is not known yet")
		w.see(warning("FailedScheduling", cart2))
		w.see(normal("Scheduled", cart1)) // must not overtake the trouble
		time.Sleep(2 * time.Second)
		a := w.last()
		if a.Labels["kind"] != "Deployment" || a.Labels["name"] != "shopping" || a.Labels["deployment"] != "shopping" {
			t.Errorf("labels %v", a.Labels)
		}
		w.see(normal("Scheduled", cart2))
		w.over(w.last(), time.Now(), "recovery: Scheduled")
	}, withLookups(f), withRules(t, byOwner))
}

// TestOwnerIsKept: whatever is answered later, an episode keeps its name, over
// a restart too.
func TestOwnerIsKept(t *testing.T) {
	f := newFake()
	stopped(t, func(w *world) {
		ctx, cancel := context.WithCancel(w.t.Context())
		defer cancel()
		go w.look(ctx)
		w.see(warning("FailedScheduling", cart1))
		fp := w.last().Fingerprint
		f.set(func() { f.err = errors.New("the server is not there") })
		w.restart(time.Minute, w.Save())
		w.see(warning("FailedScheduling", cart1))
		if vs := w.Views(); len(vs) != 1 || vs[0].Fingerprint != fp.String() || vs[0].Count != 2 {
			t.Errorf("%+v", vs)
		}
	}, withLookups(f), withRules(t, byOwner))
}

func TestOwnerFallsBack(t *testing.T) {
	for name, spoil := range map[string]func(*fakeLookups){
		"gone":  func(f *fakeLookups) { clear(f.owners) },
		"fails": func(f *fakeLookups) { f.err = errors.New("forbidden") },
		"hangs": func(f *fakeLookups) { f.takes = time.Hour },
	} {
		t.Run(name, func(t *testing.T) {
			f := newFake()
			spoil(f)
			inWorld(t, func(w *world) {
				w.see(warning("FailedScheduling", cart1))
				time.Sleep(patience)
				a := w.last()
				if a.Labels["kind"] != "Pod" || a.Labels["name"] != "cart" {
					t.Errorf("labels %v", a.Labels)
				}
				f.set(func() { f.owners[cart1], f.err, f.takes = cartOwner(), nil, 0 })
				w.see(warning("FailedScheduling", cart1))
				if vs := w.Views(); len(vs) != 1 || vs[0].Count != 2 {
					t.Errorf("%d episodes: %+v", len(vs), vs)
				}
			}, withLookups(f), withRules(t, byOwner))
		})
	}
}

// TestWaitingIsBounded: where there is no room to wait, it goes on without.
func TestWaitingIsBounded(t *testing.T) {
	f := newFake()
	stopped(t, func(w *world) { // nobody answers
		for range maxHeld + 1 {
			w.see(warning("FailedScheduling", cart1))
		}
		if n := w.waiting.count; n != 0 {
			t.Errorf("%d occurrences wait", n)
		}
		if vs := w.Views(); len(vs) != 1 || vs[0].Count != maxHeld+1 {
			t.Errorf("%+v", vs)
		}
	}, withLookups(f), withRules(t, byOwner))
}

func TestExit(t *testing.T) {
	f := newFake()
	f.takes = 2 * time.Second
	inWorld(t, func(w *world) {
		w.see(warning("BackOff", cart1))
		a := w.last() // at once
		if _, ok := a.Annotations["exit"]; ok || a.Annotations["owner"] != "" {
			t.Errorf("annotations %v", a.Annotations)
		}
		time.Sleep(2 * firstRefresh)
		a = w.last()
		if a.Annotations["exit"] != f.exit || a.Annotations["owner"] != "Deployment/shop/shopping" {
			t.Errorf("annotations %v", a.Annotations)
		}
		for range 20 {
			w.see(warning("BackOff", cart1))
			time.Sleep(time.Minute)
		}
		if n := f.times("exit of " + cart1); n != 1 {
			t.Errorf("asked %d times in one episode", n)
		}
	}, withLookups(f))
}

func TestGoneObjectEndsAlert(t *testing.T) {
	f := newFake()
	inWorld(t, func(w *world) {
		w.see(warning("FailedScheduling", cart1))
		w.see(warning("FailedScheduling", cart2))
		w.got() // both have been seen
		f.set(func() { delete(f.owners, cart1) })
		time.Sleep(5 * time.Minute)
		for _, a := range w.got() {
			if a.Annotations["ended_by"] != "" {
				t.Fatalf("ended by %q with one of two left", a.Annotations["ended_by"])
			}
		}
		f.set(func() { delete(f.owners, cart2) })
		time.Sleep(2 * checkAfter)
		a := w.last()
		w.over(a, a.EndsAt, "object gone")
		if d := time.Since(a.EndsAt); d > 2*checkAfter {
			t.Errorf("it ended %v ago", d)
		}
	}, withLookups(f))
}

// TestNeverSeen: an event about what never was there is no proof that it went.
func TestNeverSeen(t *testing.T) {
	f := newFake()
	clear(f.owners)
	inWorld(t, func(w *world) {
		w.see(warning("FailedScheduling", cart1))
		time.Sleep(10 * time.Minute)
		if a := w.last(); a.Annotations["ended_by"] != "" {
			t.Errorf("ended by %q", a.Annotations["ended_by"])
		}
	}, withLookups(f))
}
