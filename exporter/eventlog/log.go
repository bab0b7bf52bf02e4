package eventlog

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"maps"
	"reflect"
	"sync"
	"sync/atomic"
	"time"

	"github.com/go-kit/log"
	"github.com/go-kit/log/level"
	"github.com/prometheus/client_golang/prometheus"

	"github.com/kubebark/kubebark/exporter/eventlog/record"
	"github.com/kubebark/kubebark/exporter/occurrence"
	"github.com/kubebark/kubebark/internal/backoff"
)

const (
	batchSize = 256     // records that are taken at once
	chunk     = 1 << 20 // bytes that are written at once
	// patience bounds how long the state file waits for the log.
	patience = 5 * time.Second
)

// Options are the options of [New].
type Options struct {
	Path       string    // "-" for Stdout
	Stdout     io.Writer // if Path is "-"
	Logger     log.Logger
	Registerer prometheus.Registerer
	// Alert tells which rule decides about an event and the fingerprint of its
	// alert; "" where there is none.
	Alert func(*occurrence.Event) (rule, fingerprint string)
	Settings
}

// Settings are what a reload may change.
type Settings struct {
	Config         Config
	ExternalLabels map[string]string
	// Enricher returns who looks objects up; nil, or one that is nil, for
	// nobody.
	Enricher func(*Enrichment) (Enricher, error)
}

// settings are what of [Settings] is in force.
type settings struct {
	config   Config
	cluster  string
	external map[string]string
	enricher Enricher // may be nil
}

// output is where lines go. Its methods but sync are called by Run alone.
type output interface {
	write(lines []byte, r *Rotation) error
	sync() error
	close() error
}

// Log is the event log. It is an [occurrence.Sink].
type Log struct {
	logger   log.Logger
	alert    func(*occurrence.Event) (string, string)
	queue    *queue
	metrics  *metrics
	out      output
	settings atomic.Pointer[settings]
	failing  atomic.Bool // the last write failed

	mu   sync.Mutex
	said string // the last error that was logged
	seen *seen  // what the file held at the start; nil if it was none
}

var _ occurrence.Sink = (*Log)(nil)

// New opens the log. A file that cannot be opened is an error: whoever names
// one wants it.
func New(o Options) (*Log, error) {
	l := &Log{logger: o.Logger, alert: o.Alert, queue: newQueue(o.Config.QueueCapacity)}
	l.metrics = newMetrics(o.Registerer, l.queue)
	if err := l.Apply(o.Settings); err != nil {
		return nil, err
	}
	if o.Path == "-" {
		l.out = &stream{w: o.Stdout}
		return l, nil
	}
	f, err := openFile(o.Path, l.rotated, l.fault)
	if err != nil {
		return nil, fmt.Errorf("event log: %w", err)
	}
	l.out, l.seen = f, f.tail()
	return l, nil
}

// Apply puts new settings in force.
func (l *Log) Apply(s Settings) error {
	in := &settings{config: s.Config, external: maps.Clone(s.ExternalLabels)}
	in.cluster = in.external["cluster"]
	delete(in.external, "cluster")
	if s.Enricher != nil && s.Config.Enrichment.Enabled() {
		if before := l.settings.Load(); before != nil && reflect.DeepEqual(before.config.Enrichment, s.Config.Enrichment) {
			in.enricher = before.enricher // with all that it remembers
		} else if e, err := s.Enricher(&s.Config.Enrichment); err != nil {
			return fmt.Errorf("event log: %w", err)
		} else {
			in.enricher = e
		}
	}
	l.queue.limit(s.Config.QueueCapacity)
	l.settings.Store(in)
	return nil
}

// Observe implements [occurrence.Sink]. It never waits. What happened before
// the exporter first watched is no news and is not written.
func (l *Log) Observe(o *occurrence.Occurrence) {
	if o.History() {
		return
	}
	fresh, now := *o, time.Now()
	fresh.New = l.seen.unseen(o, now)
	l.metrics.repeats.Add(float64(o.New - fresh.New))
	if fresh.New == 0 {
		return
	}
	if !l.queue.add(&fresh, now) {
		l.metrics.dropped.Inc()
	}
}

// Synced implements [occurrence.Sink].
func (l *Log) Synced() {}

// Settle waits until all that was observed before is on the disk, for a while.
// While writes fail it does not wait: counting does not stop for the log.
func (l *Log) Settle() {
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	if l.failing.Load() || l.queue.settle(ctx) != nil {
		return
	}
	if err := l.out.sync(); err != nil {
		l.fault(fmt.Errorf("sync: %w", err))
	}
}

// Run writes until ctx is done, and then what is left.
func (l *Log) Run(ctx context.Context) error {
	var b bytes.Buffer
	for {
		batch := l.queue.take(ctx, batchSize)
		if len(batch) == 0 {
			return l.out.close()
		}
		n := 0
		for i := range batch {
			l.line(ctx, &batch[i], &b)
			if n++; b.Len() >= chunk || i == len(batch)-1 {
				l.write(ctx, b.Bytes(), n)
				l.queue.finish(n)
				b.Reset()
				n = 0
			}
		}
		if b.Cap() > 4*chunk {
			b = bytes.Buffer{} // a storm's; the next quiet does not need it
		}
	}
}

// line appends the line of an occurrence.
func (l *Log) line(ctx context.Context, i *item, b *bytes.Buffer) {
	s := l.settings.Load()
	r := record.Of(&i.o, i.at)
	r.Cluster, r.External = s.cluster, s.external
	if l.alert != nil {
		r.Rule, r.Fingerprint = l.alert(&i.o.Event)
	}
	l.enrich(ctx, i, r)
	before := b.Len()
	if err := r.Append(b); err != nil { // no record is known to do so
		b.Truncate(before)
		l.metrics.dropped.Inc()
		level.Error(l.logger).Log("msg", "no line could be made of an event", "namespace", i.o.Namespace, "name", i.o.Name, "err", err)
	}
}

// write writes the lines of n records, and does not give up before the end.
func (l *Log) write(ctx context.Context, lines []byte, n int) {
	pause := backoff.Backoff{Min: 100 * time.Millisecond, Max: 5 * time.Second}
	for {
		s := l.settings.Load()
		err := l.out.write(lines, &s.config.Rotation)
		if err == nil {
			l.metrics.records.Add(float64(n))
			l.well()
			return
		}
		l.failing.Store(true)
		l.fault(err)
		if ctx.Err() != nil {
			l.metrics.dropped.Add(float64(n))
			return
		}
		_ = backoff.Sleep(ctx, pause.Next()) // at the end there is one more try
	}
}

// fault counts an error, and logs it if it is a new one.
func (l *Log) fault(err error) {
	l.metrics.failures.Inc()
	l.mu.Lock()
	defer l.mu.Unlock()
	if text := err.Error(); text != l.said {
		l.said = text
		level.Error(l.logger).Log("msg", "the event log cannot be written", "err", err)
	}
}

func (l *Log) well() {
	if !l.failing.CompareAndSwap(true, false) {
		return
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	l.said = ""
	level.Info(l.logger).Log("msg", "the event log is written again")
}

func (l *Log) rotated(to string) {
	l.metrics.rotations.Inc()
	level.Info(l.logger).Log("msg", "a new file of the event log is begun", "old", to)
}

// stream is an output that cannot be rotated.
type stream struct{ w io.Writer }

func (s *stream) write(lines []byte, _ *Rotation) error {
	n, err := s.w.Write(lines)
	if err == nil && n < len(lines) {
		err = io.ErrShortWrite
	}
	return err
}

func (s *stream) sync() error  { return nil }
func (s *stream) close() error { return nil }
