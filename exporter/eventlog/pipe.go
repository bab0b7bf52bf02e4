package eventlog

import (
	"errors"
	"fmt"
	"os"
	"syscall"
	"time"
)

// readerPatience is how long a write waits for a reader to make room. It is
// shorter than [patience]: then the state file is not kept a second time.
const readerPatience = 2 * time.Second

// errNoReader is the error of a pipe that nobody has open.
var errNoReader = errors.New("nobody reads the pipe")

// pipe is an output to a named pipe or a device, which is neither cut nor rotated.
// It is never waited for without an end: a pipe without a reader is not opened, and
// one whose reader does not read is written as far as there is room. What is in the
// pipe stays there for the next reader as long as the program lives.
type pipe struct {
	path     string
	patience time.Duration // with a reader who makes no room
	f        *os.File      // nil until there is a reader

	part   bool // what was written last is a part of a line
	broken bool // … whose reader is gone
}

func (p *pipe) open() error {
	f, err := os.OpenFile(p.path, os.O_WRONLY|os.O_APPEND|syscall.O_NONBLOCK, 0)
	if errors.Is(err, syscall.ENXIO) {
		return fmt.Errorf("open %s: %w", p.path, errNoReader)
	}
	p.f = f
	return err
}

// write implements [output]. After errNoReader the line of which a part is written
// is to be written whole: that reader may have taken its part along.
func (p *pipe) write(lines []byte, _ *Rotation) (int, error) {
	if p.f == nil {
		if err := p.open(); err != nil {
			return 0, err
		}
	}
	if p.broken {
		if _, err := p.put(newline); err != nil {
			return 0, err
		}
		p.broken = false
	}
	return p.put(lines)
}

func (p *pipe) put(b []byte) (int, error) {
	_ = p.f.SetWriteDeadline(time.Now().Add(p.patience)) // some devices have none, and do not wait
	n, err := p.f.Write(b)
	if n > 0 {
		p.part = b[n-1] != '\n'
	}
	switch {
	case errors.Is(err, syscall.EPIPE):
		p.broken = p.broken || p.part
		err = fmt.Errorf("write %s: %w", p.path, errNoReader)
	case errors.Is(err, os.ErrDeadlineExceeded):
		err = fmt.Errorf("write %s: its reader makes no room", p.path)
	}
	return n, err
}

func (p *pipe) sync() error { return nil }

func (p *pipe) close() error {
	if p.f == nil {
		return nil
	}
	return p.f.Close()
}
