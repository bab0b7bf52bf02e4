package eventlog

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// TestRotatedUnderUs: logrotate moves the file, or copies and cuts it; somebody
// removes it.
func TestRotatedUnderUs(t *testing.T) {
	f := open(t, filepath.Join(t.TempDir(), "events.jsonl"), nil)
	f.run()
	f.Observe(event("a", 1))
	f.Settle()
	moved := f.path + ".1"
	if err := os.Rename(f.path, moved); err != nil {
		t.Fatal(err)
	}
	f.Observe(event("a", 2))
	f.Settle()
	f.holds("a:2+1")
	if err := os.Remove(f.path); err != nil {
		t.Fatal(err)
	}
	f.Observe(event("a", 3))
	f.Settle()
	f.holds("a:3+1")
	if err := os.Truncate(f.path, 0); err != nil {
		t.Fatal(err)
	}
	f.Observe(event("a", 4))
	f.Settle()
	f.holds("a:4+1")
	f.path = moved
	f.holds("a:1+1")
	f.metric(f.lines.metrics.failures, 0)
}

// TestRestart has a row for each way in which a restart finds an event again.
func TestRestart(t *testing.T) {
	for _, tt := range []struct {
		name          string
		version, more int64 // of the event that comes first after the restart
		new           int64 // what the state file's count makes of it
		uid           string
		want          string
	}{
		{"nothing new since the log", 3, 3, 1, "", "a:3+1"},
		{"an older state", 2, 2, 1, "", "a:3+1"},
		{"written again meanwhile", 5, 5, 3, "", "a:3+1 a:5+2"},
		{"what the log has not", 4, 4, 1, "", "a:3+1 a:4+1"},
		{"expired and come back", 5, 5, 3, "another", "a:3+1 a:5+2"},
		{"made anew by hand", 6, 2, 2, "another", "a:3+1 a:2+2"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			path := filepath.Join(t.TempDir(), "events.jsonl")
			f := open(t, path, nil)
			f.run()
			f.Observe(event("a", 3))
			f.stop()
			f = open(t, path, nil)
			f.run()
			again := event("a", tt.more)
			again.Version = uint64(100 + tt.version)
			again.New = tt.new
			if tt.uid != "" {
				again.UID = tt.uid
			}
			f.Observe(again)
			f.Settle()
			f.holds(tt.want)
			f.Observe(event("a", 9)) // from here on all is compared with this run's
			f.Settle()
			f.holds(tt.want + " a:9+1")
		})
	}
}

// TestRestartAfterRotation: what was written last is in the file before.
func TestRestartAfterRotation(t *testing.T) {
	path := filepath.Join(t.TempDir(), "events.jsonl")
	f := open(t, path, func(o *Options) { o.Config.Rotation.MaxAge = 1 })
	f.run()
	for _, name := range []string{"a", "b"} {
		f.Observe(event(name, 1))
		f.Settle()
	}
	f.stop()
	f = open(t, path, nil)
	f.run()
	f.Observe(event("a", 1))
	f.Observe(event("b", 1))
	f.Settle()
	f.holds("b:1+1")
	f.metric(f.lines.metrics.repeats, 2)
}

// TestTornLine: what a crash leaves in the middle of a line is taken off;
// somebody else's unfinished line is not.
func TestTornLine(t *testing.T) {
	path := filepath.Join(t.TempDir(), "events.jsonl")
	if err := os.WriteFile(path, []byte(`{"timestamp":"2026-11-03T08:15:00Z","bo`), 0o600); err != nil {
		t.Fatal(err)
	}
	f := open(t, path, nil)
	f.run()
	f.Observe(event("a", 1))
	f.Settle()
	f.holds("a:1+1")
	f.stop()
	if err := os.WriteFile(path, []byte("my notes"), 0o600); err != nil {
		t.Fatal(err)
	}
	f = open(t, path, nil)
	f.run()
	f.Observe(event("a", 2))
	f.Settle()
	data, err := os.ReadFile(path)
	if rest, ok := strings.CutPrefix(string(data), "my notes\n{"); err != nil || !ok || !strings.HasSuffix(rest, "}\n") {
		t.Errorf("the file holds %q, error %v", data, err)
	}
}

// TestGone: with its folder gone the log waits for it.
func TestGone(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "logs")
	if err := os.Mkdir(dir, 0o700); err != nil {
		t.Fatal(err)
	}
	f := open(t, filepath.Join(dir, "events.jsonl"), nil)
	f.run()
	f.Observe(event("a", 1))
	f.Settle()
	if err := os.RemoveAll(dir); err != nil {
		t.Fatal(err)
	}
	f.Observe(event("a", 2))
	for !f.lines.health.failing.Load() {
		time.Sleep(time.Millisecond)
	}
	if err := os.Mkdir(dir, 0o700); err != nil {
		t.Fatal(err)
	}
	for f.lines.health.failing.Load() {
		time.Sleep(time.Millisecond)
	}
	f.Settle()
	f.holds("a:2+1")
}
