package eventlog

import (
	"bufio"
	"bytes"
	"io"
	"os"
	"strings"
	"time"

	"github.com/kubebark/kubebark/exporter/eventlog/record"
	"github.com/kubebark/kubebark/exporter/occurrence"
)

// tailSize is how much of the log's end is read at a start: more than is written
// between two writes of the state file, in a storm too.
const tailSize = 8 << 20

// mark is how far the log has come with an event.
type mark struct {
	version uint64
	count   int64
}

func markKey(namespace, name, uid string) string {
	return strings.Join([]string{namespace, name, uid}, "\x00")
}

// unseen returns how many of the occurrences the log does not have yet. Only
// the first change of an event in this run can have any that it has: what comes
// after is compared with that.
func (l *Log) unseen(o *occurrence.Occurrence) int64 {
	l.mu.Lock()
	defer l.mu.Unlock()
	if len(l.seen) == 0 {
		return o.New
	}
	k := markKey(o.Namespace, o.Name, o.UID)
	m, ok := l.seen[k]
	if !ok {
		return o.New
	}
	delete(l.seen, k)
	switch {
	case o.Version != 0 && o.Version <= m.version:
		return 0
	case o.Counted && o.Count > m.count:
		return min(o.New, o.Count-m.count)
	}
	return o.New
}

// tail returns what the end of the log holds, of the file before it as well if
// this one has only just been begun.
func (f *file) tail() map[string]mark {
	if !f.plain {
		return nil
	}
	seen := make(map[string]mark)
	if f.size < tailSize {
		if olds, err := f.olds(); err == nil && len(olds) > 0 {
			if h, err := os.Open(olds[len(olds)-1]); err == nil {
				if info, err := h.Stat(); err == nil {
					note(seen, h, info.Size())
				}
				_ = h.Close() // it was only read
			}
		}
	}
	note(seen, f.f, f.size)
	return seen
}

// note notes the records at the end of a file. A line that is none of ours is
// passed over.
func note(seen map[string]mark, f *os.File, size int64) {
	lines, _, err := lastLines(f, size)
	if err != nil {
		return // a repeat is better than no log
	}
	for line := range bytes.Lines(lines) {
		r, err := record.Parse(line)
		if err != nil {
			continue
		}
		seen[markKey(r.Namespace, r.Name, r.UID)] = mark{r.Version, r.Count}
	}
}

// lastLines returns the whole lines at the end of a file, and what is behind
// the last newline.
func lastLines(f *os.File, size int64) (lines, torn []byte, err error) {
	from := max(0, size-tailSize)
	b := make([]byte, size-from)
	if _, err := f.ReadAt(b, from); err != nil && err != io.EOF {
		return nil, nil, err
	}
	if i := bytes.IndexByte(b, '\n'); from > 0 && i >= 0 {
		b = b[i+1:] // it begins in the middle of a line
	}
	end := bytes.LastIndexByte(b, '\n') + 1
	return b[:end], b[end:], nil
}

// firstTime returns when the first line of a file was written, or else a given
// time.
func firstTime(f *os.File, or time.Time) time.Time {
	line, err := bufio.NewReader(io.NewSectionReader(f, 0, tailSize)).ReadBytes('\n')
	if err != nil {
		return or
	}
	r, err := record.Parse(line)
	if err != nil {
		return or
	}
	return r.ObservedTimestamp
}
