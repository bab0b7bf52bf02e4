package eventlog

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
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
	// write returns how many bytes of the lines are written for good, all if there
	// is no error.
	write(lines []byte, r *Rotation) (int, error)
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
	over     bool  // at the end something could not be written, so nothing is any more
}

// openLines opens a file or a pipe, or takes stdout if the path is "-".
func openLines(path string, stdout io.Writer, logger log.Logger, m *lineMetrics) (*lines, error) {
	l := &lines{logger: logger, metrics: m, health: &health{
		logger: logger, bad: "the event log cannot be written", good: "the event log is written again",
	}}
	if path == "-" {
		l.out = &stream{w: stdout}
		return l, nil
	}
	if info, err := os.Stat(path); err == nil && info.Mode()&(os.ModeNamedPipe|os.ModeDevice) != 0 {
		p := &pipe{path: path, patience: readerPatience}
		if err := p.open(); err != nil && !errors.Is(err, errNoReader) {
			return nil, fmt.Errorf("event log: %w", err)
		}
		l.out = p
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
	b := &l.buffer
	for i := range batch {
		l.line(&batch[i], b)
		if b.Len() >= chunk || i == len(batch)-1 {
			l.write(ctx, b.Bytes())
			b.Reset()
		}
	}
	if b.Cap() > 4*chunk {
		*b = bytes.Buffer{} // a storm's; the next quiet does not need it
	}
}

// line appends the line of a record.
func (l *lines) line(e *entry, b *bytes.Buffer) {
	before := b.Len()
	if err := e.record().Append(b); err != nil { // no record is known to do so
		b.Truncate(before)
		l.metrics.dropped.Inc()
		level.Error(l.logger).Log("msg", "no line could be made of an event", "namespace", e.r.Namespace, "name", e.r.Name, "err", err)
	}
}

// write writes lines, and does not give up before the end.
func (l *lines) write(ctx context.Context, b []byte) {
	records := bytes.Count(b, newline)
	pause := backoff.Backoff{Min: 100 * time.Millisecond, Max: 5 * time.Second}
	for at := 0; !l.over; {
		n, err := l.out.write(b[at:], l.rotation.Load())
		at += n
		if err == nil {
			l.metrics.records.Add(float64(records))
			l.health.well()
			return
		}
		if errors.Is(err, errNoReader) { // the next one begins with a whole line
			at = bytes.LastIndex(b[:at], newline) + 1
		}
		l.health.failing.Store(true)
		l.fault(err)
		if ctx.Err() != nil {
			l.over = true
			lost := bytes.Count(b[at:], newline)
			l.metrics.records.Add(float64(records - lost))
			records = lost
			break
		}
		_ = backoff.Sleep(ctx, pause.Next()) // at the end there is one more try
	}
	l.metrics.dropped.Add(float64(records))
}

var newline = []byte("\n")

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

func (l *lines) rotated(why string) {
	l.metrics.rotations.Inc()
	level.Info(l.logger).Log("msg", "a new file of the event log is begun", "because", why)
}

// stream is an output of which nothing is known but that it can be written.
type stream struct{ w io.Writer }

func (s *stream) write(lines []byte, _ *Rotation) (int, error) {
	n, err := s.w.Write(lines)
	if err == nil && n < len(lines) {
		err = io.ErrShortWrite
	}
	return n, err
}

func (s *stream) sync() error  { return nil }
func (s *stream) close() error { return nil }
