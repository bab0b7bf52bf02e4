package eventlog

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"sync/atomic"
	"time"

	"github.com/go-kit/log"
	"github.com/go-kit/log/level"

	"github.com/kubebark/kubebark/internal/backoff"
)

// chunk is how many bytes are written at once.
const chunk = 1 << 20

// output is where lines go. Its methods but sync are called by one goroutine.
type output interface {
	write(lines []byte, r *Rotation) error
	sync() error
	close() error
}

// lines is the destination that writes lines, to a file or to standard output.
type lines struct {
	logger   log.Logger
	out      output
	metrics  *lineMetrics
	health   *health
	rotation atomic.Pointer[Rotation]
	buffer   bytes.Buffer
	seen     *seen // what the file held at the start; nil if it was none
}

// openLines opens a file, or takes stdout if the path is "-".
func openLines(path string, stdout io.Writer, logger log.Logger, m *lineMetrics) (*lines, error) {
	l := &lines{logger: logger, metrics: m, health: &health{
		logger: logger, bad: "the event log cannot be written", good: "the event log is written again",
	}}
	if path == "-" {
		l.out = &stream{w: stdout}
		return l, nil
	}
	f, err := openFile(path, l.rotated, l.fault)
	if err != nil {
		return nil, fmt.Errorf("event log: %w", err)
	}
	l.out, l.seen = f, f.tail()
	return l, nil
}

// deliver implements [destination].
func (l *lines) deliver(ctx context.Context, batch []entry) {
	b, n := &l.buffer, 0
	for i := range batch {
		if l.line(&batch[i], b) {
			n++
		}
		if b.Len() >= chunk || i == len(batch)-1 {
			l.write(ctx, b.Bytes(), n)
			b.Reset()
			n = 0
		}
	}
	if b.Cap() > 4*chunk {
		*b = bytes.Buffer{} // a storm's; the next quiet does not need it
	}
}

// line appends the line of a record.
func (l *lines) line(e *entry, b *bytes.Buffer) bool {
	before := b.Len()
	err := e.record().Append(b)
	if err != nil { // no record is known to do so
		b.Truncate(before)
		l.metrics.dropped.Inc()
		level.Error(l.logger).Log("msg", "no line could be made of an event", "namespace", e.r.Namespace, "name", e.r.Name, "err", err)
	}
	return err == nil
}

// write writes the lines of n records, and does not give up before the end.
func (l *lines) write(ctx context.Context, b []byte, n int) {
	pause := backoff.Backoff{Min: 100 * time.Millisecond, Max: 5 * time.Second}
	for {
		err := l.out.write(b, l.rotation.Load())
		if err == nil {
			l.metrics.records.Add(float64(n))
			l.health.well()
			return
		}
		l.health.failing.Store(true)
		l.fault(err)
		if ctx.Err() != nil {
			l.metrics.dropped.Add(float64(n))
			return
		}
		_ = backoff.Sleep(ctx, pause.Next()) // at the end there is one more try
	}
}

// fault counts an error, and logs it if it is a new one.
func (l *lines) fault(err error) {
	l.metrics.failures.Inc()
	l.health.fault(err)
}

// sync makes what is written last.
func (l *lines) sync() {
	if err := l.out.sync(); err != nil {
		l.fault(fmt.Errorf("sync: %w", err))
	}
}

func (l *lines) close() error { return l.out.close() }

func (l *lines) rotated(to string) {
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
