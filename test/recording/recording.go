// Package recording reads a recorded incident: what a watch of Events told, in
// NAME.jsonl, and beside it in NAME.marks.txt what was done when.
package recording

import (
	"bufio"
	"encoding/json"
	"fmt"
	"os"
	"strings"
	"time"
)

// maxLine is more than any event's line has.
const maxLine = 4 << 20

// An Event is the little of a line that tells what kind it is, and when it was.
type Event struct {
	Change string // ADDED, MODIFIED or DELETED
	Type   string // Normal or Warning
	At     time.Time
}

// line is a line of a watch.
type line struct {
	Type   string `json:"type"`
	Object struct {
		Type     string `json:"type"`
		Metadata struct {
			Created time.Time `json:"creationTimestamp"`
		} `json:"metadata"`
		Last      *time.Time `json:"lastTimestamp"`
		EventTime *time.Time `json:"eventTime"`
		Series    *struct {
			Last time.Time `json:"lastObservedTime"`
		} `json:"series"`
	} `json:"object"`
}

func (l *line) at() time.Time {
	o := &l.Object
	switch {
	case o.Series != nil:
		return o.Series.Last
	case o.Last != nil:
		return *o.Last
	case o.EventTime != nil:
		return *o.EventTime
	}
	return o.Metadata.Created
}

// Read returns the events of a file. What is not JSON is in none and told by
// the number of such lines.
func Read(path string) (events []Event, broken int, err error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, 0, err
	}
	defer f.Close()
	s := bufio.NewScanner(f)
	s.Buffer(nil, maxLine)
	for s.Scan() {
		var l line
		if err := json.Unmarshal(s.Bytes(), &l); err != nil {
			broken++
			continue
		}
		events = append(events, Event{Change: l.Type, Type: l.Object.Type, At: l.at()})
	}
	if err := s.Err(); err != nil {
		return nil, 0, fmt.Errorf("read %s: %w", path, err)
	}
	return events, broken, nil
}

// Span returns when the first event of a recording was, and the latest.
func Span(events []Event) (first, last time.Time) {
	for i, e := range events {
		if i == 0 {
			first = e.At
		}
		if e.At.After(last) {
			last = e.At
		}
	}
	return first, last
}

// A Mark is what was done to the recorded cluster, and when.
type Mark struct {
	At   time.Time
	What string
}

// Marks returns the marks beside a recording: on each line a time and what was
// done, none on lines that begin with #.
func Marks(path string) ([]Mark, error) {
	path = strings.TrimSuffix(path, ".jsonl") + ".marks.txt"
	b, err := os.ReadFile(path)
	if err != nil {
		return nil, err
	}
	var marks []Mark
	for l := range strings.Lines(string(b)) {
		when, what, _ := strings.Cut(strings.TrimSpace(l), " ")
		if when == "" || strings.HasPrefix(when, "#") {
			continue
		}
		at, err := time.Parse(time.RFC3339, when)
		if err != nil {
			return nil, fmt.Errorf("read %s: %w", path, err)
		}
		marks = append(marks, Mark{at, what})
	}
	return marks, nil
}
