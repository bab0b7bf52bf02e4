package dedup

import (
	"context"
	"strconv"
	"testing"
	"testing/synctest"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/testutil"

	"github.com/kubebark/kubebark/internal/leaktest"
)

func TestMain(m *testing.M) { leaktest.Main(m) }

func newStore(t testing.TB, size int) (*Store, *prometheus.Registry) {
	t.Helper()
	reg := prometheus.NewPedanticRegistry()
	s := New(size, reg)
	s.SetWindow(15 * time.Minute)
	return s, reg
}

// Each step is a message that comes after a wait; rings says whether the
// device is told.
func TestStore(t *testing.T) {
	type step struct {
		after  time.Duration
		digest string
		repeat bool
		rings  bool
	}
	for _, tt := range []struct {
		name  string
		steps []step
	}{
		{"a retry, at once or a group_interval later", []step{
			{0, "a", false, true}, {time.Second, "a", false, false}, {5 * time.Minute, "a", false, false},
		}},
		{"news", []step{
			{0, "a", false, true}, {time.Second, "ab", false, true}, {time.Second, "a", false, true},
		}},
		{"a repeat, and its retry", []step{
			{0, "a", false, true},
			{4 * time.Hour, "a", true, true},
			{5 * time.Minute, "a", true, false},
			{4 * time.Hour, "a", true, true},
		}},
		{"repeats closer than the window", []step{
			{0, "a", false, true},
			{2 * time.Minute, "a", true, true},
			{20 * time.Second, "a", true, false},
			{100 * time.Second, "a", true, true},
			{2 * time.Minute, "a", true, true},
		}},
		{"an Alertmanager that does not say repeat", []step{
			{0, "a", false, true}, {14 * time.Minute, "a", false, false}, {2 * time.Minute, "a", false, true},
		}},
		{"duplicates do not lengthen the window", []step{
			{0, "a", false, true}, {10 * time.Minute, "a", false, false}, {6 * time.Minute, "a", false, true},
		}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				s, _ := newStore(t, 10)
				for i, st := range tt.steps {
					time.Sleep(st.after)
					rings := !s.Has("phone", "id", State{Digest: st.digest, Repeat: st.repeat})
					if rings != st.rings {
						t.Fatalf("step %d: rings %v", i, rings)
					}
					if rings {
						record(t, s, "phone", "id", State{Digest: st.digest, Repeat: st.repeat})
					}
				}
			})
		})
	}
}

func TestStoreTellsApart(t *testing.T) {
	s, _ := newStore(t, 10)
	st := State{Digest: "a"}
	record(t, s, "alice", "id", st)
	if s.Has("bob", "id", st) || s.Has("alice", "other", st) || !s.Has("alice", "id", st) {
		t.Error("mixed up")
	}
}

// Alertmanagers may differ in when the same trouble began; a later trouble of
// the same alerts is another one.
func TestStoreTellsIncidentsApart(t *testing.T) {
	began := time.Date(2026, 11, 25, 9, 0, 0, 0, time.UTC)
	for _, tt := range []struct {
		began time.Duration // after what the device was told
		same  bool
	}{
		{0, true},
		{-10 * time.Minute, true}, // another Prometheus had seen it before
		{20 * time.Millisecond, true},
		{45 * time.Second, true},
		{2 * time.Minute, false},
		{24 * time.Hour, false},
	} {
		s, _ := newStore(t, 10)
		record(t, s, "phone", "id", State{Digest: "a", Newest: began})
		if got := s.Has("phone", "id", State{Digest: "a", Newest: began.Add(tt.began)}); got != tt.same {
			t.Errorf("began %s later: known %v", tt.began, got)
		}
	}
}

func TestStoreIsBounded(t *testing.T) {
	s, reg := newStore(t, 100)
	for i := range 1000 {
		record(t, s, "phone", strconv.Itoa(i), State{Digest: "a"})
	}
	if n := s.memories.Len(); n != 100 {
		t.Errorf("%d entries", n)
	}
	n, err := testutil.GatherAndCount(reg)
	if err != nil || n != 3 {
		t.Errorf("%d metrics, error %v", n, err)
	}
	problems, err := testutil.GatherAndLint(reg)
	if err != nil || len(problems) > 0 {
		t.Error(problems, err)
	}
}

func TestLock(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s, _ := newStore(t, 10)
		unlock, err := s.Lock(t.Context(), "id")
		if err != nil {
			t.Fatal(err)
		}
		got := make(chan struct{})
		go func() {
			second, err := s.Lock(t.Context(), "id")
			if err != nil {
				t.Error(err)
				return
			}
			close(got)
			second()
		}()
		synctest.Wait()
		select {
		case <-got:
			t.Fatal("two have the lock")
		default:
		}
		if other, err := s.Lock(t.Context(), "other"); err != nil {
			t.Error(err)
		} else {
			other()
		}
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		if _, err := s.Lock(ctx, "id"); err == nil {
			t.Error("no error though its time was over")
		}
		unlock()
		<-got
		synctest.Wait()
		if len(s.busy) != 0 {
			t.Errorf("left: %v", s.busy)
		}
	})
}
