package chaos

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"time"
)

const (
	lately   = 60 * time.Second // how far back a failure shows logs
	maxLines = 250              // and how much of each
)

// logs knows how long each log was at each second, so that its end can be told
// by time whatever its format.
type logs struct {
	mu    sync.Mutex
	sizes map[string][]size
}

type size struct {
	at    time.Time
	bytes int64
}

func newLogs() *logs { return &logs{sizes: map[string][]size{}} }

// follow notes the sizes of all logs until ctx is done.
func (l *logs) follow(ctx context.Context, dir string) {
	for ctx.Err() == nil {
		paths := logFiles(dir)
		l.mu.Lock()
		for _, p := range paths {
			if info, err := os.Stat(p); err == nil {
				l.sizes[p] = append(l.sizes[p], size{time.Now(), info.Size()})
				l.sizes[p] = l.sizes[p][max(0, len(l.sizes[p])-90):]
			}
		}
		l.mu.Unlock()
		pause(ctx, time.Second)
	}
}

func logFiles(dir string) []string {
	var all []string
	for _, pattern := range []string{"*/*.log", "*/*/*.log"} {
		found, err := filepath.Glob(filepath.Join(dir, pattern))
		if err == nil { // the pattern is well formed
			all = append(all, found...)
		}
	}
	slices.Sort(all)
	return all
}

// tails returns what each log had to say lately.
func (l *logs) tails(dir string) string {
	l.mu.Lock()
	defer l.mu.Unlock()
	var b strings.Builder
	for _, p := range logFiles(dir) {
		from := int64(0)
		for _, s := range l.sizes[p] {
			if time.Since(s.at) > lately {
				from = s.bytes
			}
		}
		fmt.Fprintf(&b, "--- the last %s of %s:\n%s\n", lately, p, tail(p, from))
	}
	return b.String()
}

func tail(path string, from int64) []byte {
	f, err := os.Open(path)
	if err != nil {
		return []byte(err.Error())
	}
	defer f.Close()
	if _, err := f.Seek(from, io.SeekStart); err != nil {
		return []byte(err.Error())
	}
	text, err := io.ReadAll(f)
	if err != nil {
		return []byte(err.Error())
	}
	lines := bytes.Split(bytes.TrimSpace(text), []byte("\n"))
	return bytes.Join(lines[max(0, len(lines)-maxLines):], []byte("\n"))
}
