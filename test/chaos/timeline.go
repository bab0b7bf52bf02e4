package chaos

import (
	"fmt"
	"strings"
	"sync"
	"time"
)

// A timeline is what was done to the world, and when.
type timeline struct {
	begun time.Time
	tell  func(format string, args ...any) // may be nil

	mu      sync.Mutex
	entries []string
}

func (t *timeline) add(format string, args ...any) {
	now := time.Now()
	text := fmt.Sprintf("%s %7.2fs %s", now.UTC().Format("15:04:05.000"), now.Sub(t.begun).Seconds(), fmt.Sprintf(format, args...))
	t.mu.Lock()
	t.entries = append(t.entries, text)
	t.mu.Unlock()
	if t.tell != nil {
		t.tell("%s", text)
	}
}

func (t *timeline) String() string {
	t.mu.Lock()
	defer t.mu.Unlock()
	return strings.Join(t.entries, "\n")
}

// windows are stretches of time.
type windows struct {
	mu  sync.Mutex
	all []*window
}

type window struct {
	from, to time.Time // to is zero as long as it lasts
}

// open begins a window; the function that it returns ends it.
func (ws *windows) open() (end func()) {
	w := &window{from: time.Now()}
	ws.mu.Lock()
	defer ws.mu.Unlock()
	ws.all = append(ws.all, w)
	return func() {
		ws.mu.Lock()
		defer ws.mu.Unlock()
		w.to = time.Now()
	}
}

// meet tells whether any of them has a moment in common with a stretch.
func (ws *windows) meet(from, to time.Time) bool {
	ws.mu.Lock()
	defer ws.mu.Unlock()
	for _, w := range ws.all {
		if !w.from.After(to) && (w.to.IsZero() || !w.to.Before(from)) {
			return true
		}
	}
	return false
}
