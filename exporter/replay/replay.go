// Package replay reads recorded events from a file and hands them on at the
// pace at which they were recorded, or a multiple of it.
//
// The first event happens now, and with it the recording's clock is set: the
// times in later ones are moved and scaled alike, so that whatever looks at
// them sees a cluster that lives now.
package replay

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"time"

	"github.com/go-kit/log"
	"github.com/go-kit/log/level"

	"github.com/kubebark/kubebark/exporter/decode"
	"github.com/kubebark/kubebark/exporter/occurrence"
	"github.com/kubebark/kubebark/internal/backoff"
)

// Options are the options of [Run].
type Options struct {
	Path   string    // "-" for Stdin
	Stdin  io.Reader // what "-" reads
	Speed  float64   // 1 is the recorded pace; 0 as fast as possible
	Logger log.Logger
	// Handle takes a record when its time has come.
	Handle func(decode.Record)
}

// Run replays the file to its end or until ctx is done. Parts that cannot be
// read are logged with their line and left out; the error is one of the file
// itself.
func Run(ctx context.Context, o Options) error {
	in, name := o.Stdin, "standard input"
	if o.Path != "-" {
		f, err := os.Open(o.Path)
		if err != nil {
			return fmt.Errorf("replay: %w", err)
		}
		defer f.Close()
		in, name = f, o.Path
	}
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	records := make(chan decode.Record, 1)
	var readErr error // valid after records is closed
	go func() {
		defer close(records)
		readErr = decode.Read(in, func(r decode.Record, f *decode.Fault) bool {
			if f != nil {
				level.Warn(o.Logger).Log("msg", "part of the recording left out", "file", name, "line", f.Line, "err", f.Err)
				return ctx.Err() == nil
			}
			select {
			case records <- r:
				return true
			case <-ctx.Done():
				return false
			}
		})
	}()
	n, err := play(ctx, &o, records)
	switch {
	case errors.Is(err, context.Canceled):
		return nil
	case readErr != nil:
		return fmt.Errorf("replay %s: %w", name, readErr)
	}
	level.Info(o.Logger).Log("msg", "the recording is at its end", "file", name, "events", n)
	return nil
}

func play(ctx context.Context, o *Options, records <-chan decode.Record) (n int, err error) {
	c := clock{speed: o.Speed}
	next, more := <-records
	for more {
		var r decode.Record
		r, next, more = advance(next, records)
		var ahead *occurrence.Event
		if more {
			ahead = next.Event
		}
		if err := backoff.Sleep(ctx, time.Until(c.due(r.Event, ahead))); err != nil {
			return n, err
		}
		c.move(r.Event)
		o.Handle(r)
		n++
	}
	return n, ctx.Err()
}

func advance(cur decode.Record, records <-chan decode.Record) (r, next decode.Record, more bool) {
	next, more = <-records
	return cur, next, more
}

// maxGap is the longest time without an event that is believed on one event's
// word. A reporter whose clock is days ahead must not stop the replay for days.
const maxGap = 6 * time.Hour

// clock maps recorded times to ours.
type clock struct {
	speed float64
	zero  time.Time // recorded time of the first event
	start time.Time // when that was for us
	last  time.Time // latest recorded time that was reached
}

// due returns when an event is to happen, given the one after it.
func (c *clock) due(e, next *occurrence.Event) time.Time {
	if c.start.IsZero() {
		c.start, c.zero, c.last = time.Now(), e.Last, e.Last
		return c.start
	}
	if c.speed <= 0 || e.Last.IsZero() {
		return time.Now()
	}
	if c.zero.IsZero() { // the first had no time
		c.start, c.zero, c.last = time.Now(), e.Last, e.Last
	}
	far := c.last.Add(maxGap)
	if e.Last.After(far) && (next == nil || !next.Last.After(far)) {
		return time.Now() // a wrong clock, for the next event knows nothing of it
	}
	if e.Last.After(c.last) {
		c.last = e.Last
	}
	return c.at(c.last)
}

func (c *clock) at(t time.Time) time.Time {
	return c.start.Add(time.Duration(float64(t.Sub(c.zero)) / c.speed))
}

// move sets an event's times to ours. None is later than now.
func (c *clock) move(e *occurrence.Event) {
	now := time.Now()
	for _, t := range []*time.Time{&e.Created, &e.First, &e.Last} {
		switch {
		case t.IsZero():
		case c.speed <= 0:
			*t = now
		default:
			if *t = c.at(*t); t.After(now) {
				*t = now
			}
		}
	}
}
