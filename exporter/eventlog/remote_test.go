package eventlog

import (
	"context"
	"errors"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/prometheus/client_golang/prometheus/testutil"

	"github.com/kubebark/kubebark/exporter/eventlog/otlp"
	"github.com/kubebark/kubebark/exporter/eventlog/record"
)

// backend is a sender that fails as it is told to.
type backend struct {
	mu    sync.Mutex
	fail  func([]*record.Record) error
	got   []*record.Record
	calls int
	hang  bool
}

func (b *backend) Send(ctx context.Context, rs []*record.Record) error {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.calls++
	if b.hang {
		<-ctx.Done()
		return ctx.Err()
	}
	if b.fail != nil {
		if err := b.fail(rs); err != nil {
			return err
		}
	}
	b.got = append(b.got, rs...)
	return nil
}

func (b *backend) Shutdown(context.Context) error { return nil }

func (b *backend) set(fail func([]*record.Record) error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.fail = fail
}

func (b *backend) tries() int {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.calls
}

func (b *backend) holds(t *testing.T, want string) {
	t.Helper()
	b.mu.Lock()
	defer b.mu.Unlock()
	if got := text(b.got); got != want {
		t.Errorf("sent %q, want %q", got, want)
	}
}

func down([]*record.Record) error { return &otlp.LaterError{Why: "status 503"} }

// openRemote opens a log that is sent to a backend, and to a file as well if path
// is not empty.
func openRemote(t *testing.T, path string, b *backend, change func(*Options)) *fixture {
	t.Helper()
	f := open(t, path, func(o *Options) {
		o.Config.OTLP.Endpoint = "http://127.0.0.1:1"
		if change != nil {
			change(o)
		}
	})
	f.remote.use(b)
	return f
}

func (f *fixture) dropped(cause string, want float64) {
	f.t.Helper()
	f.metric(f.remote.metrics.dropped.WithLabelValues(cause), want)
}

// TestOutage: what comes during an outage waits, as far as there is room, and is
// sent afterwards, in order and once; what found no room is counted. The state
// file does not wait, and the file beside it has all.
func TestOutage(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b, d := &backend{fail: down}, new(disk)
		f := openRemote(t, "-", b, func(o *Options) { o.Config.QueueCapacity = 5 })
		f.lines.out = d
		f.run()
		f.Observe(event("a", 1))
		synctest.Wait()
		for n := range int64(7) {
			f.Observe(event("b", n+1))
			synctest.Wait()
		}
		before := time.Now()
		f.Settle()
		if waited := time.Since(before); waited > 0 {
			t.Errorf("the state file waited %s for an outage", waited)
		}
		if n := len(parse(t, d.written())); n != 8 {
			t.Errorf("the file has %d of 8 records", n)
		}
		time.Sleep(30 * time.Second)
		f.dropped(dropFull, 2)
		if testutil.ToFloat64(f.remote.metrics.failures) < 5 {
			t.Error("failed tries are not counted")
		}
		b.set(nil)
		time.Sleep(time.Minute)
		b.holds(t, "a:1+1 b:1+1 b:2+1 b:3+1 b:4+1 b:5+1")
		f.metric(f.remote.metrics.records, 6)
		f.metric(f.lines.metrics.dropped, 0)
		f.stop()
		logs := f.logs.String()
		if strings.Count(logs, "cannot be sent") != 1 || strings.Count(logs, "sent again") != 1 {
			t.Errorf("an outage is not said once:\n%s", logs)
		}
	})
}

// TestFullDiskAndOTLP: a full disk keeps nothing from being sent.
func TestFullDiskAndOTLP(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := new(backend)
		f := openRemote(t, "-", b, nil)
		f.lines.out = &disk{full: true}
		f.run()
		f.Observe(event("a", 1))
		f.Observe(event("a", 2))
		time.Sleep(time.Second)
		b.holds(t, "a:1+1 a:2+1")
		f.stop()
	})
}

// TestRefused: of many records the one that is refused is dropped, counted and
// named, and the others are sent.
func TestRefused(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := &backend{fail: down}
		f := openRemote(t, "", b, nil)
		f.run()
		for _, name := range []string{"a", "b", "c", "bad", "e", "f"} {
			f.Observe(event(name, 1))
		}
		time.Sleep(time.Second)
		b.set(func(rs []*record.Record) error {
			for _, r := range rs {
				if r.Name == "bad" {
					return &otlp.RefusedError{Why: "status 400: no"}
				}
			}
			return nil
		})
		time.Sleep(time.Minute)
		b.holds(t, "a:1+1 b:1+1 c:1+1 e:1+1 f:1+1")
		f.dropped(dropRefused, 1)
		f.stop()
		if logs := f.logs.String(); !strings.Contains(logs, "refused and are dropped") || !strings.Contains(logs, "name=bad") {
			t.Errorf("it is not said which:\n%s", logs)
		}
	})
}

// TestPartial: of those that are taken in part the rest is counted.
func TestPartial(t *testing.T) {
	b := &backend{fail: func([]*record.Record) error { return &otlp.PartialError{Rejected: 1, Why: "too old"} }}
	f := openRemote(t, "", b, nil)
	for n := range int64(3) {
		f.Observe(event("a", n+1))
	}
	f.run()
	f.stop()
	f.dropped(dropRefused, float64(b.tries()))
	f.metric(f.remote.metrics.records, float64(3-b.tries()))
}

// TestLater: who asks for time gets it, but no more than a minute.
func TestLater(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := &backend{fail: func([]*record.Record) error { return &otlp.LaterError{Why: "busy", After: time.Hour} }}
		f := openRemote(t, "", b, nil)
		f.run()
		f.Observe(event("a", 1))
		time.Sleep(59 * time.Second)
		if n := b.tries(); n != 1 {
			t.Errorf("%d tries in the first minute", n)
		}
		b.set(nil)
		time.Sleep(2 * time.Second)
		b.holds(t, "a:1+1")
		f.stop()
	})
}

// TestFarewell: what waits at the end is sent, for a while; what cannot be is
// counted.
func TestFarewell(t *testing.T) {
	for name, tt := range map[string]struct {
		back time.Duration
		hang bool
		sent string
		lost float64
	}{
		"comes back": {back: 3 * time.Second, sent: "a:1+1 a:2+1"},
		"stays away": {back: time.Hour, lost: 2},
		"hangs":      {hang: true, lost: 2},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				b := &backend{fail: down, hang: tt.hang}
				f := openRemote(t, "", b, nil)
				f.run()
				f.Observe(event("a", 1))
				f.Observe(event("a", 2))
				synctest.Wait()
				if !tt.hang {
					time.AfterFunc(tt.back, func() { b.set(nil) })
				}
				before := time.Now()
				f.stop()
				if took := time.Since(before); took > farewell+time.Second {
					t.Errorf("the end took %s", took)
				}
				b.holds(t, tt.sent)
				f.dropped(dropEnd, tt.lost)
			})
		})
	}
}

// TestSettleOTLP: the state file waits until what it counts is taken.
func TestSettleOTLP(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := &backend{fail: func([]*record.Record) error { time.Sleep(2 * time.Second); return nil }}
		f := openRemote(t, "", b, nil)
		f.run()
		f.Observe(event("a", 1))
		before := time.Now()
		f.Settle()
		if waited := time.Since(before); waited != 2*time.Second {
			t.Errorf("it waited %s", waited)
		}
		b.holds(t, "a:1+1")
		f.stop()
	})
}

// TestFoundAgain: after a restart what the file has is not written again, but it
// is sent again: who gets it may lack it, and can tell it by its event.id.
func TestFoundAgain(t *testing.T) {
	path := filepath.Join(t.TempDir(), "events.jsonl")
	b := new(backend)
	for _, n := range []int64{2, 3} {
		f := openRemote(t, path, b, nil)
		f.run()
		o := event("a", n)
		o.New = n // found with all of its count
		f.Observe(o)
		f.stop()
	}
	b.holds(t, "a:2+2 a:3+3")
	f := open(t, path, nil)
	f.holds("a:2+2 a:3+1")
}

// TestReload: another endpoint is in force at once; to begin or to end takes a
// restart.
func TestReload(t *testing.T) {
	f := open(t, "-", func(o *Options) { o.Config.OTLP.Endpoint = "http://127.0.0.1:1" })
	s := Settings{Config: DefaultConfig(), ExternalLabels: map[string]string{"cluster": "b"}}
	if err := f.Apply(s); !errors.Is(err, errRestart) {
		t.Errorf("error %v", err)
	}
	s.Config.OTLP.Endpoint = "http://127.0.0.1:2"
	before := f.remote.client.Load()
	if err := f.Apply(s); err != nil || f.remote.client.Load() == before {
		t.Errorf("error %v, or the client is the same", err)
	}
	before = f.remote.client.Load()
	if err := f.Apply(s); err != nil || f.remote.client.Load() != before {
		t.Errorf("error %v, or the client is another though nothing has changed", err)
	}
}
