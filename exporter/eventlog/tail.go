package eventlog

import (
	"bufio"
	"bytes"
	"io"
	"os"
	"time"

	"github.com/kubebark/kubebark/exporter/count"
	"github.com/kubebark/kubebark/exporter/eventlog/record"
	"github.com/kubebark/kubebark/exporter/occurrence"
)

// tailSize is how much of the log's end is read at a start: more than is written
// between two writes of the state file, in a storm too.
const tailSize = 8 << 20

// seen is what the end of the log holds. It is compared with in the way in which
// everything is counted.
type seen struct {
	names  map[[2]string]struct{} // that were not observed in this run yet
	memory *count.Memory
}

// unseen returns how many of the occurrences the log does not have yet. Only
// the first change of an event in this run can have any that it has: what comes
// after is compared with that.
func (s *seen) unseen(o *occurrence.Occurrence, now time.Time) int64 {
	if s == nil {
		return o.New
	}
	k := [2]string{o.Namespace, o.Name}
	if _, ok := s.names[k]; !ok {
		return o.New
	}
	delete(s.names, k)
	return min(o.New, s.memory.Observe(&o.Event, count.Seen, now).New)
}

// tail returns what the end of the log holds, of the file before it as well if
// this one has only just been begun.
func (f *file) tail() *seen {
	s := &seen{names: make(map[[2]string]struct{}), memory: count.NewMemory(time.Now())}
	if f.size < tailSize {
		if olds, err := f.olds(); err == nil && len(olds) > 0 {
			if h, err := os.Open(olds[len(olds)-1].name); err == nil {
				if info, err := h.Stat(); err == nil {
					s.note(h, info.Size())
				}
				_ = h.Close() // it was only read
			}
		}
	}
	s.note(f.f, f.size)
	return s
}

// note notes the records at the end of a file. A line that is none of ours is
// passed over.
func (s *seen) note(f *os.File, size int64) {
	lines, _, err := lastLines(f, size)
	if err != nil {
		return // a repeat is better than no log
	}
	for line := range bytes.Lines(lines) {
		r, err := record.Parse(line)
		if err != nil {
			continue
		}
		s.names[[2]string{r.Namespace, r.Name}] = struct{}{}
		s.memory.Observe(r.Event(), count.History, r.ObservedTimestamp)
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
