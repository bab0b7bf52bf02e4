package conf

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"slices"
	"syscall"
	"testing"
	"time"

	"github.com/go-kit/log"
	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/testutil"

	"github.com/kubebark/kubebark/internal/leaktest"
)

func TestMain(m *testing.M) { leaktest.Main(m) }

type target struct {
	file    string
	applied chan string // content, or "fault"
}

func (a *target) apply() ([]string, error) {
	data, err := os.ReadFile(a.file)
	if err != nil {
		return []string{a.file}, err
	}
	if string(data) == "bad" {
		a.applied <- "fault"
		return []string{a.file}, errors.New("bad content")
	}
	a.applied <- string(data)
	return []string{a.file}, nil
}

func write(t *testing.T, file, content string) {
	t.Helper()
	if err := os.WriteFile(file, []byte(content), 0o600); err != nil {
		t.Fatal(err)
	}
}

func TestReloader(t *testing.T) {
	a := &target{filepath.Join(t.TempDir(), "c.yml"), make(chan string, 1)}
	write(t, a.file, "one")
	reg := prometheus.NewPedanticRegistry()
	r, err := NewReloader(ReloaderOptions{
		Logger: log.NewNopLogger(), Registerer: reg, Namespace: "x", Apply: a.apply, Interval: time.Millisecond,
	})
	if err != nil || <-a.applied != "one" {
		t.Fatalf("at the start: %v", err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan error)
	go func() { done <- r.Run(ctx) }()

	write(t, a.file, "two")
	for got := ""; got != "two"; { // a reader may see the file while it is empty
		got = <-a.applied
	}
	if err := syscall.Kill(os.Getpid(), syscall.SIGHUP); err != nil {
		t.Fatal(err)
	}
	if got := <-a.applied; got != "two" {
		t.Errorf("after SIGHUP: %q", got)
	}
	write(t, a.file, "bad")
	for got := ""; got != "fault"; {
		got = <-a.applied
	}
	cancel()
	if err := <-done; err != nil {
		t.Errorf("Run: %v", err)
	}
	if v := testutil.ToFloat64(r.successful); v != 0 {
		t.Errorf("config_last_reload_successful = %v after a fault", v)
	}
	if problems, err := testutil.GatherAndLint(reg); err != nil || len(problems) > 0 {
		t.Errorf("lint: %v %v", problems, err)
	}
}

// TestChangeWhileReading: a file that changes after it was read and before the
// reload is done is read again.
func TestChangeWhileReading(t *testing.T) {
	file := filepath.Join(t.TempDir(), "c.yml")
	write(t, file, "one")
	var applied []string
	r, err := NewReloader(ReloaderOptions{
		Logger: log.NewNopLogger(), Registerer: prometheus.NewRegistry(), Namespace: "x",
		Apply: func() ([]string, error) {
			data, err := os.ReadFile(file)
			applied = append(applied, string(data))
			if string(data) == "two" {
				write(t, file, "three")
			}
			return []string{file}, err
		},
	})
	if err != nil {
		t.Fatal(err)
	}
	write(t, file, "two")
	for r.changed() {
		if err := r.Reload(t.Context()); err != nil {
			t.Fatal(err)
		}
	}
	if want := []string{"one", "two", "three"}; !slices.Equal(applied, want) {
		t.Errorf("applied %q, want %q", applied, want)
	}
}
