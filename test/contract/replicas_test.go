package contract

import (
	"context"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/go-kit/log"
	"github.com/prometheus/alertmanager/alert"
	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/common/model"

	"github.com/kubebark/kubebark/alertbridge/episode"
	"github.com/kubebark/kubebark/alertbridge/notify"
	"github.com/kubebark/kubebark/alertbridge/rule"
	"github.com/kubebark/kubebark/exporter/occurrence"
)

// store keeps one alert as Alertmanager's does: it merges what overlaps, by
// Alertmanager's own rule, and replaces what does not.
type store struct {
	mu sync.Mutex
	a  *alert.Alert
}

// skewed is how a replica reaches the store whose clock is so much ahead of
// Alertmanager's.
func (s *store) skewed(ahead time.Duration) func(...notify.Alert) {
	return func(as ...notify.Alert) {
		for i := range as {
			as[i].StartsAt, as[i].EndsAt = as[i].StartsAt.Add(ahead), as[i].EndsAt.Add(ahead)
		}
		s.put(as...)
	}
}

func (s *store) put(as ...notify.Alert) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, n := range as {
		next := &alert.Alert{Alert: model.Alert{StartsAt: n.StartsAt, EndsAt: n.EndsAt}, UpdatedAt: time.Now()}
		if old := s.a; old != nil && (within(next.EndsAt, old) || within(next.StartsAt, old)) {
			next = old.Merge(next)
		}
		s.a = next
	}
}

func within(t time.Time, a *alert.Alert) bool { return t.After(a.StartsAt) && t.Before(a.EndsAt) }

func (s *store) firing() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.a != nil && !s.a.Resolved()
}

// replica is one of two exporters that watch the same cluster.
type replica struct {
	*episode.Tracker
	stop func()
	mu   sync.Mutex
	up   bool
}

func (r *replica) setUp(up bool) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.up = up
}

func newReplica(t *testing.T, am *store) *replica {
	t.Helper()
	return newReplicaTo(t, am.put)
}

func newReplicaTo(t *testing.T, send func(...notify.Alert)) *replica {
	t.Helper()
	rules, err := rule.Compile(rule.DefaultConfig(), nil)
	if err != nil {
		t.Fatal(err)
	}
	r := &replica{up: true}
	r.Tracker, err = episode.New(episode.Options{
		Logger: log.NewNopLogger(), Registerer: prometheus.NewRegistry(), Send: send,
		Connected: func() bool { r.mu.Lock(); defer r.mu.Unlock(); return r.up },
	}, episode.Settings{Rules: rules, MaxActive: 100, Resend: time.Minute})
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan error)
	go func() { done <- r.Run(ctx) }()
	r.stop = sync.OnceFunc(func() {
		cancel()
		if err := <-done; err != nil {
			t.Errorf("Run: %v", err)
		}
	})
	return r
}

func trouble(n int, origin occurrence.Origin, at time.Time) *occurrence.Occurrence {
	o := &occurrence.Occurrence{New: 1, At: at, Origin: origin, Event: occurrence.Event{
		Namespace: "shop", Name: "db-0.18eb", Type: "Warning", Reason: "HighCPUUsage", Count: int64(n), Counted: true,
		Version: uint64(n), Object: occurrence.Object{Kind: "Pod", Namespace: "shop", Name: "db-0"}, First: at, Last: at,
	}}
	if origin == occurrence.Listed {
		o.New = 0
	}
	return o
}

// TestTwoReplicas: what happens to one of two exporters, the alert neither ends
// while its trouble lasts nor outlasts it.
func TestTwoReplicas(t *testing.T) {
	const lasts, quiet = 3 * time.Hour, 20 * time.Minute
	for _, every := range []time.Duration{5 * time.Minute, quiet - 3*time.Second} {
		for _, tt := range []struct {
			name string
			lag  time.Duration
			do   func(t *testing.T, am *store, b *replica, n int, last time.Time) *replica // after half of the time
		}{
			{name: "both well"},
			{name: "one lags", lag: 10 * time.Second},
			{name: "one dies", do: func(_ *testing.T, _ *store, b *replica, _ int, _ time.Time) *replica {
				b.stop()
				return nil
			}},
			{name: "one restarts", do: func(t *testing.T, am *store, b *replica, n int, last time.Time) *replica {
				b.stop()
				b = newReplica(t, am)
				b.Observe(trouble(n, occurrence.Listed, last))
				b.Synced()
				return b
			}},
			{name: "one loses its watch", do: func(_ *testing.T, _ *store, b *replica, _ int, _ time.Time) *replica {
				b.setUp(false)
				return nil
			}},
		} {
			t.Run(tt.name+" "+every.String(), func(t *testing.T) {
				synctest.Test(t, func(t *testing.T) {
					am := &store{}
					a, b := newReplica(t, am), newReplica(t, am)
					bs := []*replica{b}
					begin := time.Now()
					last, n := time.Time{}, 0
					for time.Since(begin) < lasts {
						if tt.do != nil && b != nil && time.Since(begin) > lasts/2 {
							b = tt.do(t, am, b, n, last)
							bs = append(bs, b)
							tt.do = nil
						}
						n++
						last = time.Now()
						a.Observe(trouble(n, occurrence.Watched, last))
						if b != nil {
							lag := tt.lag * time.Duration(n%2) // now and then
							at, o := b, trouble(n, occurrence.Watched, last.Add(lag))
							time.AfterFunc(lag, func() { at.Observe(o) })
						}
						for time.Since(last) < every {
							time.Sleep(time.Second)
							if synctest.Wait(); !am.firing() {
								t.Fatalf("ended %v after the last occurrence", time.Since(last))
							}
						}
					}
					time.Sleep(time.Until(last.Add(quiet + tt.lag + time.Minute)))
					if synctest.Wait(); am.firing() {
						t.Error("it outlasts its trouble")
					}
					a.stop()
					for _, r := range bs {
						if r != nil {
							r.stop()
						}
					}
				})
			})
		}
	}
}

// TestClockSkew: clocks that differ by half a minute neither end an alert while
// its trouble lasts nor keep it much longer, however it ends.
func TestClockSkew(t *testing.T) {
	const lasts, every, quiet = time.Hour, 5 * time.Minute, 20 * time.Minute
	for _, tt := range []struct {
		name string
		a, b time.Duration // how far ahead of Alertmanager the exporters are
	}{
		{"both ahead", 30 * time.Second, 30 * time.Second},
		{"both behind", -30 * time.Second, -30 * time.Second},
		{"one ahead, one right", 30 * time.Second, 0},
		{"one behind, one right", -30 * time.Second, 0},
		{"one ahead, one behind", 15 * time.Second, -15 * time.Second},
	} {
		for _, gone := range []bool{false, true} {
			name, over := " quiet", quiet
			if gone {
				name, over = " gone", 0
			}
			t.Run(tt.name+name, func(t *testing.T) {
				synctest.Test(t, func(t *testing.T) {
					am := &store{}
					rs := []*replica{newReplicaTo(t, am.skewed(tt.a)), newReplicaTo(t, am.skewed(tt.b))}
					tell := func(o *occurrence.Occurrence) {
						for _, r := range rs {
							r.Observe(o)
						}
					}
					var last time.Time
					for n := 1; n <= int(lasts/every); n++ {
						last = time.Now()
						tell(trouble(n, occurrence.Watched, last))
						for time.Since(last) < every {
							time.Sleep(time.Second)
							if synctest.Wait(); !am.firing() {
								t.Fatalf("ended %v after the last occurrence", time.Since(last))
							}
						}
					}
					if gone {
						last = time.Now()
						tell(deletion(last))
					}
					// The end is sent again each minute, and then is past for all.
					time.Sleep(time.Until(last.Add(over + 30*time.Second + 2*time.Minute)))
					if synctest.Wait(); am.firing() {
						t.Error("it outlasts its trouble")
					}
					for _, r := range rs {
						r.stop()
					}
				})
			})
		}
	}
}

// deletion is the event that tells that the pod of trouble is no more.
func deletion(at time.Time) *occurrence.Occurrence {
	return &occurrence.Occurrence{New: 1, At: at, Event: occurrence.Event{
		Namespace: "shop", Name: "db.18ec", Type: "Normal", Reason: "SuccessfulDelete", Count: 1, Counted: true, Version: 1000,
		Message: "delete Pod db-0 in StatefulSet db successful", Object: occurrence.Object{Kind: "StatefulSet", Namespace: "shop", Name: "db"},
		First: at, Last: at,
	}}
}
