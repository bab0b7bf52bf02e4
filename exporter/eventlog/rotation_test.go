package eventlog

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"golang.org/x/sync/errgroup"

	"github.com/kubebark/kubebark/internal/conf"
)

// oldFiles returns what the old files beside the log hold, the oldest first.
func (f *fixture) oldFiles() []string {
	f.t.Helper()
	names, err := filepath.Glob(filepath.Join(filepath.Dir(f.path), "events-*.jsonl"))
	if err != nil {
		f.t.Fatal(err)
	}
	var all []string
	for _, n := range names {
		data, err := os.ReadFile(n)
		if err != nil {
			f.t.Fatal(err)
		}
		all = append(all, text(parse(f.t, data)))
	}
	return all
}

func TestRotationBySize(t *testing.T) {
	dir := t.TempDir()
	for _, other := range []string{"events-notes.jsonl", "other.jsonl"} { // not ours to clear away
		if err := os.WriteFile(filepath.Join(dir, other), nil, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	f := open(t, filepath.Join(dir, "events.jsonl"), func(o *Options) { o.Config.Rotation = Rotation{MaxSizeMB: 1, KeepFiles: 2} })
	f.run()
	for n := range int64(5) {
		big := event("a", n+1)
		big.Message = strings.Repeat("x", 600<<10)
		f.Observe(big)
		f.Settle()
	}
	f.holds("a:5+1")
	if got := strings.Join(f.oldFiles(), "|"); got != "a:3+1|a:4+1|" { // and the notes
		t.Errorf("old files %q", got)
	}
	f.metric(f.lines.metrics.rotations, 4)
	f.metric(f.lines.metrics.failures, 0)
	if _, err := os.Stat(filepath.Join(dir, "other.jsonl")); err != nil {
		t.Error(err)
	}
}

// TestRotationFails: a file that cannot be moved, here because its new name would be
// too long, is written on, and that is told; once it can be, it is moved with all that
// it has.
func TestRotationFails(t *testing.T) {
	f := open(t, filepath.Join(t.TempDir(), "events-"+strings.Repeat("x", 230)+".jsonl"), func(o *Options) { o.Config.Rotation.MaxAge = 1 })
	f.run()
	for n := range int64(3) {
		f.Observe(event("a", n+1))
		f.Settle()
	}
	f.holds("a:1+1 a:2+1 a:3+1")
	f.metric(f.lines.metrics.failures, 1)
	f.metric(f.lines.metrics.records, 3)
	f.metric(f.lines.metrics.rotations, 0)
	if logs := f.logs.String(); strings.Count(logs, "rotate: can't rename") != 1 {
		t.Errorf("it says\n%s", logs)
	}
	f.stop()
	short := filepath.Join(filepath.Dir(f.path), "events.jsonl")
	if err := os.Rename(f.path, short); err != nil {
		t.Fatal(err)
	}
	f = open(t, short, func(o *Options) { o.Config.Rotation.MaxAge = 1 })
	f.run()
	f.Observe(event("a", 4))
	f.Settle()
	f.holds("a:4+1")
	if got := f.oldFiles(); len(got) != 1 || got[0] != "a:1+1 a:2+1 a:3+1" {
		t.Errorf("old files %q", got)
	}
}

// TestNoNewFile: where the next file cannot be made, here because no file can be opened,
// the one that was moved comes back and is written on.
func TestNoNewFile(t *testing.T) {
	f := open(t, filepath.Join(t.TempDir(), "events.jsonl"), func(o *Options) { o.Config.Rotation.MaxAge = 1 })
	f.run()
	f.Observe(event("a", 1))
	f.Settle()
	var limit syscall.Rlimit
	if err := syscall.Getrlimit(syscall.RLIMIT_NOFILE, &limit); err != nil {
		t.Fatal(err)
	}
	none := limit
	none.Cur = 0
	if err := syscall.Setrlimit(syscall.RLIMIT_NOFILE, &none); err != nil {
		t.Fatal(err)
	}
	f.Observe(event("a", 2))
	f.Settle()
	if err := syscall.Setrlimit(syscall.RLIMIT_NOFILE, &limit); err != nil {
		t.Fatal(err)
	}
	f.holds("a:1+1 a:2+1")
	f.metric(f.lines.metrics.failures, 1)
	if got := f.oldFiles(); len(got) != 0 {
		t.Errorf("old files %q", got)
	}
}

// TestOldFilesByAge: those that are older than so many days go, whoever packed them;
// what has another name stays.
func TestOldFilesByAge(t *testing.T) {
	dir := t.TempDir()
	ago := func(d time.Duration, rest string) string {
		return "events-" + time.Now().UTC().Add(-d).Format(stamp) + rest
	}
	gone := []string{ago(3*day, "-size.jsonl"), ago(2*day+time.Minute, "-age.jsonl"), ago(3*day, "-size.jsonl.gz")}
	stay := []string{
		ago(47*time.Hour, "-size.jsonl"), // 36 hours are two days
		ago(3*day, ".jsonl"), ago(3*day, "-size.json"), "events-notes.jsonl", "events-2020-size.jsonl", "other-" + ago(3*day, "-size.jsonl"),
	}
	for _, name := range append(gone, stay...) {
		if err := os.WriteFile(filepath.Join(dir, name), nil, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	f := open(t, filepath.Join(dir, "events.jsonl"), func(o *Options) {
		o.Config.Rotation = Rotation{MaxAge: 1, KeepFor: conf.Duration(36 * time.Hour)}
	})
	f.run()
	for n := range int64(2) {
		f.Observe(event("a", n+1))
		f.Settle()
	}
	for _, name := range gone {
		if _, err := os.Stat(filepath.Join(dir, name)); !os.IsNotExist(err) {
			t.Errorf("%s: %v", name, err)
		}
	}
	for _, name := range stay {
		if _, err := os.Stat(filepath.Join(dir, name)); err != nil {
			t.Error(err)
		}
	}
	f.metric(f.lines.metrics.failures, 0)
}

// TestOldFilesStay: that an old file could not be removed is an error.
func TestOldFilesStay(t *testing.T) {
	dir := t.TempDir()
	f := &file{path: filepath.Join(dir, "events.jsonl")}
	now := time.Now()
	oldest := ""
	for _, d := range []time.Duration{time.Hour, 2 * time.Hour, 25 * time.Hour} {
		oldest = "events-" + now.UTC().Add(-d).Format(stamp) + "-size.jsonl"
		if err := os.WriteFile(filepath.Join(dir, oldest), nil, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	for _, tt := range []struct {
		r    Rotation
		left bool
	}{
		{Rotation{}, false},
		{Rotation{KeepFiles: 3, KeepFor: conf.Duration(2 * day)}, false},
		{Rotation{KeepFiles: 3, KeepFor: conf.Duration(25 * time.Hour)}, false},
		{Rotation{KeepFiles: 2}, true},
		{Rotation{KeepFor: conf.Duration(time.Hour)}, true},
	} {
		err := f.cleared(&tt.r, now)
		if (err != nil) != tt.left || err != nil && !strings.Contains(err.Error(), oldest) {
			t.Errorf("%+v: %v", tt.r, err)
		}
	}
}

// TestNewFilesMode: a new file has the mode of the one before, whatever somebody has
// made of it.
func TestNewFilesMode(t *testing.T) {
	f := open(t, filepath.Join(t.TempDir(), "events.jsonl"), func(o *Options) { o.Config.Rotation.MaxAge = 1 })
	f.run()
	for n, mode := range []os.FileMode{0o600, 0o644, 0o660} {
		if err := os.Chmod(f.path, mode); err != nil {
			t.Fatal(err)
		}
		for k := range int64(2) {
			f.Observe(event("a", 2*int64(n)+k+1))
			f.Settle()
		}
		info, err := os.Stat(f.path)
		if err != nil {
			t.Fatal(err)
		}
		if info.Mode() != mode {
			t.Errorf("mode %v, want %v", info.Mode(), mode)
		}
	}
}

// TestRotationLosesNothing: each line is in one file, with our rotations and those of
// somebody else at the same time, while the log is made to last.
func TestRotationLosesNothing(t *testing.T) {
	const all = 300
	dir := t.TempDir()
	rotations, faults := 0, 0
	f, err := openFile(filepath.Join(dir, "events.jsonl"), func(string) { rotations++ }, func(error) { faults++ })
	if err != nil {
		t.Fatal(err)
	}
	var g errgroup.Group
	stop := make(chan struct{})
	g.Go(func() error { return moveAway(f, stop) })
	want := map[string]int{}
	for n := range all {
		line := fmt.Sprintf("line %d\n", n)
		want[line] = 1
		f.later = time.Time{} // of a file that was moved away in the middle
		if _, err := f.write([]byte(line), &Rotation{MaxAge: 1}); err != nil {
			t.Fatal(err)
		}
	}
	close(stop)
	if err := errors.Join(g.Wait(), f.close()); err != nil {
		t.Fatal(err)
	}
	names, err := filepath.Glob(filepath.Join(dir, "*"))
	if err != nil {
		t.Fatal(err)
	}
	got := map[string]int{}
	for _, name := range names {
		data, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		for line := range strings.Lines(string(data)) {
			got[line]++
		}
	}
	if d := cmp.Diff(want, got); d != "" {
		t.Errorf("-written +found\n%s", d)
	}
	if rotations == 0 {
		t.Error("nothing was rotated")
	}
	t.Logf("%d files, %d rotations, %d that failed", len(names), rotations, faults)
}

// moveAway moves a file away over and over, and makes it last.
func moveAway(f *file, stop <-chan struct{}) error {
	for n := 0; ; n++ {
		select {
		case <-stop:
			return nil
		case <-time.After(time.Duration(n%7) * 50 * time.Microsecond):
		}
		err := os.Rename(f.path, filepath.Join(filepath.Dir(f.path), fmt.Sprintf("moved-%d", n)))
		if err != nil && !os.IsNotExist(err) {
			return err
		}
		if err := f.sync(); err != nil {
			return err
		}
	}
}

// TestRotationByAge: the age is that of the file's first line, also after a
// restart.
func TestRotationByAge(t *testing.T) {
	path := filepath.Join(t.TempDir(), "events.jsonl")
	f := open(t, path, nil)
	f.run()
	f.Observe(event("a", 1))
	f.stop()
	data, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	r := parse(t, data)[0]
	old := strings.ReplaceAll(string(data), r.ObservedTimestamp.Format(time.RFC3339Nano), "2020-01-01T00:00:00Z")
	if err := os.WriteFile(path, []byte(old), 0o600); err != nil {
		t.Fatal(err)
	}
	f = open(t, path, func(o *Options) {
		o.Config.Rotation = Rotation{MaxAge: conf.Duration(time.Hour), KeepFor: conf.Duration(time.Hour)}
	})
	f.run()
	f.Observe(event("a", 2))
	f.Settle()
	f.Observe(event("a", 3))
	f.Settle()
	f.holds("a:2+1 a:3+1")
	if got := f.oldFiles(); len(got) != 1 || got[0] != "a:1+1" {
		t.Errorf("old files %q", got)
	}
}
