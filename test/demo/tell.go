package demo

import (
	"fmt"
	"io"
	"strings"
	"sync"
	"time"
	"unicode/utf8"
)

// teller writes what happens to the terminal, with the time since the start.
type teller struct {
	mu    sync.Mutex
	out   io.Writer
	start time.Time
}

func newTeller(out io.Writer) *teller { return &teller{out: out, start: time.Now()} }

// since is how long the demo has been running.
func (t *teller) since() time.Duration { return time.Since(t.start) }

// clock writes a duration as minutes and seconds.
func clock(d time.Duration) string {
	s := int(d.Round(time.Second) / time.Second)
	return fmt.Sprintf("%d:%02d", s/60, s%60)
}

// line writes one line; what it says is kept to one.
func (t *teller) line(format string, args ...any) {
	t.mu.Lock()
	defer t.mu.Unlock()
	s := strings.Join(strings.Fields(fmt.Sprintf(format, args...)), " ")
	// A terminal that is gone is no reason to stop; the demo ends by a signal.
	_, _ = fmt.Fprintf(t.out, "%6s  %s\n", clock(t.since()), s)
}

// say writes a line without a time.
func (t *teller) say(s string) {
	t.mu.Lock()
	defer t.mu.Unlock()
	_, _ = fmt.Fprintln(t.out, s)
}

// step tells of a part that has started.
func (t *teller) step(name, where, what string) {
	t.mu.Lock()
	defer t.mu.Unlock()
	_, _ = fmt.Fprintf(t.out, "%6s  %-22s %-31s %s\n", clock(t.since()), name, where, what)
}

// open tells of a page.
func (t *teller) open(what, where string) {
	t.mu.Lock()
	defer t.mu.Unlock()
	_, _ = fmt.Fprintf(t.out, "  %-21s %s\n", what, where)
}

// short cuts a text to so many characters.
func short(s string, n int) string {
	s = strings.Join(strings.Fields(s), " ")
	if utf8.RuneCountInString(s) <= n {
		return s
	}
	return strings.TrimSpace(string([]rune(s)[:n-1])) + "…"
}
