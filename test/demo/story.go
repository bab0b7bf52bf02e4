package demo

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync/atomic"
	"time"

	"github.com/kubebark/kubebark/test/phone"
)

// errNoEnd is the failure of a demo that should end with the all-clear.
var errNoEnd = errors.New("no all-clear within the limit")

// story is what the demo knows of how far things are.
type story struct {
	*demo
	seq      int // of the last event on a phone that was told
	pushes   int
	updates  int
	first    time.Duration // when the first push came
	fired    bool          // something has fired since the last all-clear
	over     time.Time     // when the recording ends; zero for a cluster
	played   atomic.Bool   // the script of the demo's own cluster has ended
	nextWord time.Time     // when to say again what is being waited for
}

// Pauses of the story.
const (
	look     = 500 * time.Millisecond // between two looks at the phones and Alertmanager
	waitWord = 20 * time.Second       // between two words on what is still firing
)

// watch tells the story until the context ends, a part dies or, with --once,
// all is clear.
func (d *demo) watch(ctx context.Context) error {
	s := &story{demo: d}
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	for _, p := range d.parts {
		go func() {
			select {
			case <-p.done:
				cancel(p.died())
			case <-ctx.Done():
			}
		}()
	}
	switch {
	case d.cluster != nil:
		go func() {
			if err := s.trouble(ctx); err != nil {
				cancel(err)
			}
		}()
	case d.o.kubeconfig == "":
		s.over = time.Now().Add(s.scaled(d.o.recorded.length))
		go s.tellMarks(ctx, d.o.recorded.marks)
	}
	err := s.follow(ctx)
	if cause := context.Cause(ctx); cause != nil && !errors.Is(cause, context.Canceled) {
		return cause
	}
	return err
}

// scaled is how long something takes in the replay.
func (d *demo) scaled(t time.Duration) time.Duration {
	return time.Duration(float64(t) / d.o.speed)
}

// tellMarks tells what happens in the recorded cluster as it happens.
func (s *story) tellMarks(ctx context.Context, marks []mark) {
	start := time.Now()
	for _, m := range marks {
		t := time.NewTimer(time.Until(start.Add(s.scaled(m.at))))
		select {
		case <-t.C:
			s.tell.line("in the cluster: %s", m.what)
		case <-ctx.Done():
			t.Stop()
			return
		}
	}
}

// follow looks again and again: it tells of each push, and whether all is
// clear.
func (s *story) follow(ctx context.Context) error {
	tick := time.NewTicker(look)
	defer tick.Stop()
	limit := time.NewTimer(s.o.limit)
	defer limit.Stop()
	for {
		select {
		case <-tick.C:
		case <-limit.C:
			if s.o.once {
				return fmt.Errorf("%w of %s", errNoEnd, s.o.limit)
			}
		case <-ctx.Done():
			return ctx.Err()
		}
		s.tellEvents()
		if s.clear(ctx) {
			s.tellClear()
			if s.o.once {
				return nil
			}
		}
	}
}

// tellEvents tells what has happened on the phones; what has happened on
// several alike is told once.
func (s *story) tellEvents() {
	type line struct{ word, text string }
	var lines []line
	on := map[line][]string{}
	for _, e := range s.phone.Events(s.seq) {
		s.seq = e.Seq
		l := line{s.count(e), text(e.Notification)}
		if l.word == "" {
			continue
		}
		if on[l] == nil {
			lines = append(lines, l)
		}
		who, _, _ := strings.Cut(e.Device, ",")
		on[l] = append(on[l], who)
	}
	for _, l := range lines {
		slices.Sort(on[l])
		s.tell.line("%s, %s: %s", l.word, strings.Join(on[l], " and "), short(l.text, 150))
	}
}

// count keeps the story's numbers and returns the word for an event, empty if
// it is none worth telling.
func (s *story) count(e phone.Event) string {
	switch e.Kind {
	case phone.Shown:
		s.pushes++
		s.fired = true
		if s.first == 0 {
			s.first = s.tell.since()
		}
		return "push"
	case phone.Updated:
		s.updates++
		if e.Notification.Level == phone.Passive {
			return "resolved"
		}
		s.fired = true
		return "updated"
	case phone.Ignored:
		return ""
	}
	return string(e.Kind)
}

// text is what a notification says, in one line.
func text(n phone.Notification) string {
	parts := []string{n.Title, n.Subtitle, n.Body}
	return strings.Join(slices.DeleteFunc(parts, func(s string) bool { return s == "" }), " | ")
}

// clear says whether the trouble is over: nothing is firing, and every phone
// has been told so. While it is not, it says from time to time what is.
func (s *story) clear(ctx context.Context) bool {
	if !s.fired || s.going() {
		return false
	}
	firing, err := s.firing(ctx)
	if err != nil {
		return false // too busy to answer; had it ended, the story would too
	}
	if len(firing) > 0 {
		s.tellWaiting(firing)
		return false
	}
	for _, d := range s.phone.Devices() {
		for _, n := range d.State().Notifications {
			if n.Level != phone.Passive {
				return false // its all-clear is on the way
			}
		}
	}
	return true
}

// going says whether more trouble is known to come.
func (s *story) going() bool {
	return s.cluster != nil && !s.played.Load() || time.Now().Before(s.over)
}

// tellWaiting says what is still firing, and until when.
func (s *story) tellWaiting(firing []alert) {
	if time.Now().Before(s.nextWord) {
		return
	}
	s.nextWord = time.Now().Add(waitWord)
	var parts []string
	for _, a := range firing {
		l := a.Labels
		parts = append(parts, fmt.Sprintf("%s of %s/%s (%s)", l["reason"], l["namespace"], l["name"],
			time.Until(a.EndsAt).Round(time.Second)))
	}
	s.tell.line("waiting for the all-clear: an alert is over when it has been quiet long enough. Time left: %s",
		short(strings.Join(parts, ", "), 300))
}

func (s *story) tellClear() {
	s.fired = false
	s.tell.line("all clear: nothing is firing, and the phones say so")
	s.tell.line("%d pushes, %d updates of them; the first push came %s after the start",
		s.pushes, s.updates, s.first.Round(time.Second))
}
