package eventlog

import (
	"bytes"
	"context"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"testing"
	"testing/synctest"
	"time"

	"github.com/go-kit/log"
	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/testutil"

	"github.com/kubebark/kubebark/exporter/eventlog/record"
	"github.com/kubebark/kubebark/exporter/occurrence"
	"github.com/kubebark/kubebark/internal/leaktest"
)

func TestMain(m *testing.M) { leaktest.Main(m) }

// fixture is a log under test.
type fixture struct {
	*Log

	t    *testing.T
	path string
	logs *safeBuffer
	stop func()
}

type safeBuffer struct {
	mu sync.Mutex
	b  bytes.Buffer
}

func (b *safeBuffer) Write(p []byte) (int, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.b.Write(p)
}

func (b *safeBuffer) String() string {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.b.String()
}

func open(t *testing.T, path string, change func(*Options)) *fixture {
	t.Helper()
	f := &fixture{t: t, path: path, logs: new(safeBuffer)}
	o := Options{Path: path, Logger: log.NewLogfmtLogger(f.logs), Registerer: prometheus.NewPedanticRegistry(), Settings: Settings{Config: DefaultConfig()}}
	if change != nil {
		change(&o)
	}
	l, err := New(o)
	if err != nil {
		t.Fatal(err)
	}
	f.Log = l
	return f
}

func (f *fixture) run() {
	ctx, cancel := context.WithCancel(f.t.Context())
	done := make(chan error, 1)
	go func() { done <- f.Run(ctx) }()
	var once sync.Once
	f.stop = func() {
		once.Do(func() {
			cancel()
			if err := <-done; err != nil {
				f.t.Error(err)
			}
		})
	}
	f.t.Cleanup(f.stop)
}

// event is the nth change of an event.
func event(name string, n int64) *occurrence.Occurrence {
	return &occurrence.Occurrence{
		Event: occurrence.Event{
			Namespace: "shop", Name: name, UID: "uid-" + name, Version: uint64(100 + n), Type: "Warning", Reason: "BackOff",
			Message: "no", Count: n, Counted: true, Object: occurrence.Object{Kind: "Pod", Namespace: "shop", Name: "cart-0"},
		},
		New: 1, At: time.Now(),
	}
}

func parse(t *testing.T, data []byte) []*record.Record {
	t.Helper()
	var rs []*record.Record
	for line := range bytes.Lines(data) {
		r, err := record.Parse(line)
		if err != nil {
			t.Fatalf("%v in %q", err, line)
		}
		rs = append(rs, r)
	}
	return rs
}

func text(rs []*record.Record) string {
	var s []string
	for _, r := range rs {
		s = append(s, fmt.Sprintf("%s:%d+%d", r.Name, r.Count, r.Occurrences))
	}
	return strings.Join(s, " ")
}

func (f *fixture) holds(want string) {
	f.t.Helper()
	data, err := os.ReadFile(f.path)
	if err != nil {
		f.t.Fatal(err)
	}
	if got := text(parse(f.t, data)); got != want {
		f.t.Errorf("the log holds %q, want %q", got, want)
	}
}

func (f *fixture) metric(c prometheus.Collector, want float64) {
	f.t.Helper()
	if got := testutil.ToFloat64(c); got != want {
		f.t.Errorf("the metric is %v, want %v", got, want)
	}
}

func TestWrites(t *testing.T) {
	f := open(t, filepath.Join(t.TempDir(), "events.jsonl"), func(o *Options) {
		o.ExternalLabels = map[string]string{"cluster": "c1", "tier": "1"}
		o.Alert = func(e *occurrence.Event) (string, string) { return "rule-of-" + e.Reason, "fp" }
	})
	f.run()
	f.Observe(event("a", 1))
	history := event("b", 5)
	history.New = 0
	f.Observe(history)
	f.Observe(event("a", 2))
	f.Settle()
	f.holds("a:1+1 a:2+1")
	f.stop()
	data, _ := os.ReadFile(f.path)
	r := parse(t, data)[0]
	if r.Cluster != "c1" || r.External["tier"] != "1" || r.Rule != "rule-of-BackOff" || r.Fingerprint != "fp" || r.Enriched != "" {
		t.Errorf("record %+v", r)
	}
	f.metric(f.lines.metrics.records, 2)
	f.metric(f.lines.metrics.dropped, 0)
}

func TestStandardOutput(t *testing.T) {
	var out safeBuffer
	f := open(t, "-", func(o *Options) { o.Stdout = &out })
	f.run()
	f.Observe(event("a", 1))
	f.stop() // what waits is written at the end
	if got := text(parse(t, []byte(out.String()))); got != "a:1+1" {
		t.Errorf("standard output has %q", got)
	}
}

// TestUnwritable: a file that cannot be opened is an error at once, which says why.
func TestUnwritable(t *testing.T) {
	dir := t.TempDir()
	for path, why := range map[string]string{
		filepath.Join(dir, "none", "events.jsonl"): "no such file or directory",
		dir: "is a directory",
	} {
		_, err := New(Options{
			Path: path, Logger: log.NewNopLogger(), Registerer: prometheus.NewRegistry(), Settings: Settings{Config: DefaultConfig()},
		})
		if err == nil || !strings.HasPrefix(err.Error(), "event log: open "+path+": ") || !strings.Contains(err.Error(), why) {
			t.Errorf("%s: error %v", path, err)
		}
	}
}

// disk is an output that is full for a while.
type disk struct {
	mu    sync.Mutex
	full  bool
	hold  chan struct{} // if not nil, writes wait for it
	lines []byte
}

func (d *disk) write(lines []byte, _ *Rotation) (int, error) {
	d.mu.Lock()
	hold := d.hold
	d.mu.Unlock()
	if hold != nil {
		<-hold
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.full {
		return 0, fmt.Errorf("write: %w", syscall.ENOSPC)
	}
	d.lines = append(d.lines, lines...)
	return len(lines), nil
}

func (d *disk) set(full bool) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.full = full
}

func (d *disk) written() []byte {
	d.mu.Lock()
	defer d.mu.Unlock()
	return bytes.Clone(d.lines)
}

func (d *disk) sync() error  { return nil }
func (d *disk) close() error { return nil }

// TestFullDisk: what is written while the disk is full waits, as far as there is
// room, and is in the log afterwards; what found no room is counted. Whoever
// watches is never kept, nor is the state file.
func TestFullDisk(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		d := &disk{full: true}
		f := open(t, "-", func(o *Options) { o.Config.QueueCapacity = 5 })
		f.lines.out = d
		f.run()
		f.Observe(event("a", 1))
		synctest.Wait()
		for n := range int64(10) {
			f.Observe(event("b", n+1))
		}
		before := time.Now()
		f.Settle()
		if waited := time.Since(before); waited > 0 {
			t.Errorf("the state file waited for a full disk: %s", waited)
		}
		time.Sleep(time.Minute)
		f.metric(f.lines.metrics.dropped, 5)
		if testutil.ToFloat64(f.lines.metrics.failures) < 5 {
			t.Error("failed tries are not counted")
		}
		d.set(false)
		time.Sleep(time.Minute)
		if got := text(parse(t, d.written())); got != "a:1+1 b:1+1 b:2+1 b:3+1 b:4+1 b:5+1" {
			t.Errorf("the log holds %q", got)
		}
		f.stop()
		logs := f.logs.String()
		if strings.Count(logs, "cannot be written") != 1 || strings.Count(logs, "written again") != 1 {
			t.Errorf("a full disk is not said once:\n%s", logs)
		}
	})
}

// TestFullToTheEnd: a disk that stays full loses what waits, and counts it.
func TestFullToTheEnd(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := open(t, "-", nil)
		f.lines.out = &disk{full: true}
		f.run()
		for n := range int64(3) {
			f.Observe(event("a", n+1))
		}
		time.Sleep(time.Minute)
		f.stop()
		f.metric(f.lines.metrics.dropped, 3)
		f.metric(f.lines.metrics.records, 0)
	})
}

// TestHungDisk: a write that does not return keeps nobody for longer than the
// state file's patience, and large messages are bounded by their bytes.
func TestHungDisk(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		d := &disk{hold: make(chan struct{})}
		f := open(t, "-", nil)
		f.lines.out = d
		f.lanes[0].ledger.room = maxQueued / 16
		f.run()
		f.Observe(event("a", 1))
		synctest.Wait()
		for n := range int64(100) {
			big := event("big", n+1)
			big.Message = strings.Repeat("x", 1<<20/16)
			f.Observe(big)
		}
		f.metric(f.lines.metrics.dropped, 100-63)
		before := time.Now()
		f.Settle()
		if waited := time.Since(before); waited != patience {
			t.Errorf("the state file waited %s", waited)
		}
		d.mu.Lock()
		close(d.hold)
		d.mu.Unlock()
		f.stop()
		if n := len(parse(t, d.written())); n != 64 {
			t.Errorf("%d records are written", n)
		}
	})
}
