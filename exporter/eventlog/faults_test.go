package eventlog

import (
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus/testutil"
)

// TestFullDevice: a device that is always full fails each write, says so once,
// and what waited is counted as lost at the end.
func TestFullDevice(t *testing.T) {
	if runtime.GOOS != "linux" {
		t.Skip("has no /dev/full")
	}
	f := open(t, "/dev/full", nil)
	f.run()
	f.Observe(event("a", 1))
	for testutil.ToFloat64(f.lines.metrics.failures) < 2 {
		time.Sleep(time.Millisecond)
	}
	f.stop()
	f.metric(f.lines.metrics.dropped, 1)
	if logs := f.logs.String(); strings.Count(logs, "the event log cannot be written") != 1 || !strings.Contains(logs, "no space left on device") {
		t.Errorf("it says\n%s", logs)
	}
}

// TestPipe: a named pipe is written like a file, and neither cut nor rotated.
func TestPipe(t *testing.T) {
	path := filepath.Join(t.TempDir(), "pipe")
	if err := syscall.Mkfifo(path, 0o600); err != nil {
		t.Skip(err)
	}
	f := open(t, path, func(o *Options) { o.Config.Rotation.MaxAge = 1 })
	f.run()
	f.Observe(event("a", 1))
	f.Observe(event("a", 2))
	f.Settle()
	r, err := os.OpenFile(path, os.O_RDONLY|syscall.O_NONBLOCK, 0)
	if err != nil {
		t.Fatal(err)
	}
	defer r.Close()
	b := make([]byte, 64<<10)
	n, err := r.Read(b)
	if got := text(parse(t, b[:n])); err != nil || got != "a:1+1 a:2+1" {
		t.Errorf("the pipe has %q, error %v", got, err)
	}
	f.metric(f.lines.metrics.rotations, 0)
	f.metric(f.lines.metrics.failures, 0)
}

// TestOddMessages: what is no UTF-8 and what is larger than an event may be are
// lines like any other, also after a restart that reads them.
func TestOddMessages(t *testing.T) {
	path := filepath.Join(t.TempDir(), "events.jsonl")
	f := open(t, path, nil)
	f.run()
	odd := event("odd", 1)
	odd.Message, odd.Reason, odd.Object.Name = "a \xff\xfe b\x00\n\u2028", "\xc3(", "cart\xff"
	f.Observe(odd)
	large := event("large", 1)
	large.Message = strings.Repeat("\xff", 1<<20) // three bytes each in the line
	f.Observe(large)
	f.Observe(event("plain", 1))
	f.Settle()
	f.stop()
	f.holds("odd:1+1 large:1+1 plain:1+1")
	f = open(t, path, nil)
	f.run()
	f.Observe(large)
	f.Observe(event("plain", 2))
	f.Settle()
	f.holds("odd:1+1 large:1+1 plain:1+1 plain:2+1")
	f.metric(f.lines.metrics.repeats, 1)
	f.metric(f.lines.metrics.failures, 0)
}
