package alertbridge

import (
	"context"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/go-kit/log"
	"github.com/prometheus/client_golang/prometheus"

	"github.com/kubebark/kubebark/alertbridge/notify"
)

func withState(t testing.TB, url, file string) *Bridge {
	t.Helper()
	b, err := New(Options{
		Settings: settings(url), Logger: log.NewNopLogger(), Registerer: prometheus.NewRegistry(), StateFile: file,
	})
	if err != nil {
		t.Fatal(err)
	}
	return b
}

func TestStateFile(t *testing.T) {
	url, got := fakeAlertmanager(t)
	file := filepath.Join(t.TempDir(), "alerts.json")
	b := withState(t, url, file)
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan error)
	go func() { done <- b.Run(ctx) }()
	b.Observe(highCPU())
	first := <-got
	cancel()
	if err := <-done; err != nil {
		t.Fatal(err)
	}
	run(t, withState(t, url, file))
	var again notify.Alert
	for again = range got {
		if again.Fingerprint == 0 { // not on the wire
			break
		}
	}
	if !again.StartsAt.Equal(first.StartsAt) || again.Annotations["ended_by"] != "" {
		t.Errorf("after a restart: since %v, was %v, %v", again.StartsAt, first.StartsAt, again.Annotations)
	}
	left, err := filepath.Glob(file + "*")
	if err != nil || len(left) != 1 {
		t.Errorf("files: %v %v", left, err)
	}
}

func TestUselessStateFileIsSetAside(t *testing.T) {
	for _, content := range []string{"{", `{"version":99}`, "", `{"version":1,"owner":"another"}`} {
		file := filepath.Join(t.TempDir(), "alerts.json")
		if err := os.WriteFile(file, []byte(content), 0o600); err != nil {
			t.Fatal(err)
		}
		b := withState(t, "http://127.0.0.1:1", file)
		if n := len(b.tracker.Views()); n != 0 {
			t.Errorf("%q: %d alerts", content, n)
		}
		if kept, err := os.ReadFile(file + ".aside"); err != nil || string(kept) != content {
			t.Errorf("%q: set aside %q, %v", content, kept, err)
		}
	}
}

func TestUnwritableStateFileIsSaidOnce(t *testing.T) {
	var said strings.Builder
	b := withState(t, "http://127.0.0.1:1", filepath.Join(t.TempDir(), "no", "such", "dir"))
	b.state.logger = log.NewLogfmtLogger(&said)
	b.Observe(highCPU())
	b.state.save()
	b.state.save()
	if n := strings.Count(said.String(), "alerts not saved"); n != 1 {
		t.Errorf("said %d times: %s", n, said.String())
	}
}
