package incident

import (
	"fmt"
	"path/filepath"
	"strings"
	"time"

	"github.com/kubebark/kubebark/test/recording"
)

// A Recording is the events of a cluster, as watch lines in a file.
type Recording struct {
	File string
	// Begin and End are when the trouble begins and is mended.
	Begin, End time.Time

	First, Last time.Time // times of events
	Events      int
	Warnings    int
}

// Read reads NAME.jsonl, and the marks beside it in NAME.marks.txt, of which
// the first that contains begin and the first that contains end say when the
// trouble begins and is mended.
func Read(name, begin, end string) (*Recording, error) {
	path, err := filepath.Abs(name + ".jsonl")
	if err != nil {
		return nil, fmt.Errorf("read recording: %w", err)
	}
	events, broken, err := recording.Read(path)
	if err == nil && broken > 0 {
		err = fmt.Errorf("%d lines are not JSON", broken)
	}
	if err != nil {
		return nil, fmt.Errorf("read recording %s: %w", path, err)
	}
	marks, err := recording.Marks(path)
	if err != nil {
		return nil, fmt.Errorf("read marks of %s: %w", name, err)
	}
	r := &Recording{File: path}
	r.First, r.Last = recording.Span(events)
	for _, e := range events {
		if e.Change != "ADDED" && e.Change != "MODIFIED" {
			continue
		}
		r.Events++
		if e.Type == "Warning" {
			r.Warnings++
		}
	}
	if r.Begin, err = when(marks, begin); err != nil {
		return nil, fmt.Errorf("read marks of %s: %w", name, err)
	}
	if r.End, err = when(marks, end); err != nil {
		return nil, fmt.Errorf("read marks of %s: %w", name, err)
	}
	return r, nil
}

// when returns the time of the first mark that says text.
func when(marks []recording.Mark, text string) (time.Time, error) {
	for _, m := range marks {
		if strings.Contains(m.What, text) {
			return m.At, nil
		}
	}
	return time.Time{}, fmt.Errorf("none says %q", text)
}
