package eventlog

import (
	"path/filepath"
	"runtime"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/prometheus/client_golang/prometheus/testutil"

	"github.com/kubebark/kubebark/exporter/eventlog/otlp"
	"github.com/kubebark/kubebark/exporter/eventlog/record"
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
	large.Message = strings.Repeat("\xff", 1<<10) + strings.Repeat("x", 1<<20)
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

// TestLargeRecords: requests are bounded in bytes, and what alone is larger goes
// alone: who refuses it takes the others.
func TestLargeRecords(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := &backend{fail: down}
		f := openRemote(t, "", b, nil)
		f.run()
		f.Observe(event("first", 1))
		time.Sleep(time.Second)
		for n := range int64(20) {
			o := event("large", n+1)
			o.Message = strings.Repeat("x", 100<<10)
			if n == 10 {
				o.Name, o.Message = "huge", strings.Repeat("x", 1<<20)
			}
			f.Observe(o)
		}
		b.set(func(rs []*record.Record) error {
			bytes := 0
			for _, r := range rs {
				bytes += len(r.Body)
			}
			switch {
			case bytes >= 1<<20 && len(rs) == 1:
				return &otlp.RefusedError{Why: "too large"}
			case bytes > maxRequest:
				t.Errorf("a request of %d records has %d bytes", len(rs), bytes)
			}
			return nil
		})
		time.Sleep(time.Minute)
		f.metric(f.remote.metrics.records, 20)
		f.dropped(dropRefused, 1)
		f.stop()
	})
}
