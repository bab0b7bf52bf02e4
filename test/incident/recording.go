package incident

import (
	"bufio"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"time"
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

// event is the little of an Event that is looked at here.
type event struct {
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

func (e *event) time() time.Time {
	o := &e.Object
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

// Read reads NAME.jsonl, and the marks beside it in NAME.marks.txt, of which
// the first that contains begin and the first that contains end say when the
// trouble begins and is mended.
func Read(name, begin, end string) (*Recording, error) {
	path, err := filepath.Abs(name + ".jsonl")
	if err != nil {
		return nil, fmt.Errorf("read recording: %w", err)
	}
	r := &Recording{File: path}
	f, err := os.Open(r.File)
	if err != nil {
		return nil, fmt.Errorf("read recording: %w", err)
	}
	defer f.Close()
	lines := bufio.NewScanner(f)
	lines.Buffer(nil, 4<<20)
	for lines.Scan() {
		var e event
		if err := json.Unmarshal(lines.Bytes(), &e); err != nil {
			return nil, fmt.Errorf("read recording %s: %w", r.File, err)
		}
		r.add(&e)
	}
	if err := lines.Err(); err != nil {
		return nil, fmt.Errorf("read recording %s: %w", r.File, err)
	}
	marks, err := os.ReadFile(name + ".marks.txt")
	if err != nil {
		return nil, fmt.Errorf("read marks: %w", err)
	}
	if r.Begin, err = mark(string(marks), begin); err != nil {
		return nil, fmt.Errorf("read marks of %s: %w", name, err)
	}
	if r.End, err = mark(string(marks), end); err != nil {
		return nil, fmt.Errorf("read marks of %s: %w", name, err)
	}
	return r, nil
}

func (r *Recording) add(e *event) {
	t := e.time()
	if r.First.IsZero() {
		r.First = t
	}
	if t.After(r.Last) {
		r.Last = t
	}
	if e.Type != "ADDED" && e.Type != "MODIFIED" {
		return
	}
	r.Events++
	if e.Object.Type == "Warning" {
		r.Warnings++
	}
}

func mark(marks, text string) (time.Time, error) {
	for line := range strings.Lines(marks) {
		when, what, _ := strings.Cut(strings.TrimSpace(line), " ")
		if strings.Contains(what, text) {
			return time.Parse(time.RFC3339, when)
		}
	}
	return time.Time{}, fmt.Errorf("none says %q", text)
}
