package eventlog

import (
	"bufio"
	"errors"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus/testutil"
)

// fifo makes a named pipe.
func fifo(t *testing.T) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "pipe")
	if err := syscall.Mkfifo(path, 0o600); err != nil {
		t.Skip(err)
	}
	return path
}

func reader(t *testing.T, path string) *os.File {
	t.Helper()
	r, err := os.OpenFile(path, os.O_RDONLY|syscall.O_NONBLOCK, 0)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { r.Close() })
	return r
}

// reads waits until whoever reads has so many lines.
func reads(t *testing.T, r *os.File, lines int) string {
	t.Helper()
	if err := r.SetReadDeadline(time.Now().Add(time.Minute)); err != nil {
		t.Fatal(err)
	}
	b, got := bufio.NewReader(r), ""
	for strings.Count(got, "\n") < lines {
		s, err := b.ReadString('\n')
		got += s
		if errors.Is(err, io.EOF) { // nobody writes yet
			time.Sleep(time.Millisecond)
		} else if err != nil {
			t.Fatal(err)
		}
	}
	return got
}

// openPipe opens a log that does not wait for readers as long as in life.
func openPipe(t *testing.T, path string, change func(*Options)) *fixture {
	t.Helper()
	f := open(t, path, change)
	f.lines.out.(*pipe).patience = 50 * time.Millisecond
	f.run()
	return f
}

// fails waits for a failed try to write.
func (f *fixture) fails() {
	f.t.Helper()
	for n := testutil.ToFloat64(f.lines.metrics.failures); testutil.ToFloat64(f.lines.metrics.failures) == n; {
		time.Sleep(time.Millisecond)
	}
}

// TestPipe: a named pipe is written like a file, and neither cut nor rotated.
func TestPipe(t *testing.T) {
	path := fifo(t)
	r := reader(t, path)
	f := openPipe(t, path, func(o *Options) { o.Config.Rotation.MaxAge = 1 })
	f.Observe(event("a", 1))
	f.Observe(event("a", 2))
	f.Settle()
	if got := text(parse(t, []byte(reads(t, r, 2)))); got != "a:1+1 a:2+1" {
		t.Errorf("the pipe has %q", got)
	}
	f.metric(f.lines.metrics.rotations, 0)
	f.metric(f.lines.metrics.failures, 0)
}

// TestPipeWithoutReader: what is written while nobody reads waits for who does, who
// begins with a whole line; at the end it is lost, which is counted.
func TestPipeWithoutReader(t *testing.T) {
	path := fifo(t)
	f := openPipe(t, path, nil)
	f.Observe(event("a", 1))
	f.fails()
	before := time.Now()
	f.Settle()
	if waited := time.Since(before); waited >= patience {
		t.Errorf("the state file waited %s for a reader", waited)
	}
	r := reader(t, path)
	if got := text(parse(t, []byte(reads(t, r, 1)))); got != "a:1+1" {
		t.Errorf("the pipe has %q", got)
	}
	r.Close()
	f.Observe(event("a", 2))
	f.fails()
	f.stop()
	f.metric(f.lines.metrics.records, 1)
	f.metric(f.lines.metrics.dropped, 1)
	if logs := f.logs.String(); !strings.Contains(logs, "nobody reads the pipe") {
		t.Errorf("it says\n%s", logs)
	}
}

// TestPipeFull: whoever has the pipe open and does not read keeps up neither the
// end nor anything else. A line of which there is a part goes on where it ended; to
// the next reader it is written whole.
func TestPipeFull(t *testing.T) {
	for name, change := range map[string]bool{"the same reader goes on": false, "another reader": true} {
		t.Run(name, func(t *testing.T) {
			path := fifo(t)
			r := reader(t, path)
			f := openPipe(t, path, nil)
			big := event("big", 1)
			big.Message = strings.Repeat("x", 1<<20)
			f.Observe(event("a", 1))
			f.Settle()
			f.Observe(big)
			f.fails()
			lines := 2
			if change {
				r.Close()
				for !strings.Contains(f.logs.String(), errNoReader.Error()) {
					time.Sleep(time.Millisecond)
				}
				r, lines = reader(t, path), 3
			}
			got := strings.SplitAfter(reads(t, r, lines), "\n")
			if change { // the part that was in the pipe, which the whole line follows
				if !strings.HasPrefix(got[2], strings.TrimSuffix(got[1], "\n")) {
					t.Errorf("no part of the line is there, but %.200q", got[1])
				}
				got = slices.Delete(got, 1, 2)
			}
			if got := text(parse(t, []byte(strings.Join(got, "")))); got != "a:1+1 big:1+1" {
				t.Errorf("whoever reads has %q", got)
			}
			f.Observe(event("b", 1))
			f.Observe(big)
			f.Observe(event("b", 2))
			f.fails()
			f.stop()
			if records, lost := testutil.ToFloat64(f.lines.metrics.records), testutil.ToFloat64(f.lines.metrics.dropped); records+lost != 5 || lost < 2 {
				t.Errorf("of 5 records %v are written and %v lost", records, lost)
			}
		})
	}
}
