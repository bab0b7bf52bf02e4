package demo

import (
	"bufio"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"math"
	"os"
	"strings"
	"time"
)

// mark is what was done to the recorded cluster, and when.
type mark struct {
	at   time.Duration // after the recording's first event
	what string
}

// incident is a recording and the notes that go with it.
type incident struct {
	length time.Duration
	marks  []mark
}

// How fast a recording is replayed if nobody says so: as fast as makes it as
// long as people like to watch, but not so slowly that the waits for quiet at
// its end, which shrink with the speed, become long.
const (
	watched  = 75 * time.Second
	minSpeed = 4
)

func (i incident) speed() float64 {
	return max(minSpeed, math.Floor(float64(i.length)/float64(watched)))
}

// event is the little of an Event that tells its time.
type event struct {
	Object struct {
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

func (e event) time() time.Time {
	o := e.Object
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

// readIncident finds out how long a recording is, and reads the marks beside
// it if there are any: incident.marks.txt beside incident.jsonl, a time and
// what happened on each line.
func readIncident(path string) (incident, error) {
	f, err := os.Open(path)
	if err != nil {
		return incident{}, err
	}
	defer f.Close()
	var first, last time.Time
	lines := bufio.NewScanner(f)
	lines.Buffer(nil, 4<<20)
	for lines.Scan() {
		var e event
		if err := json.Unmarshal(lines.Bytes(), &e); err != nil {
			continue // the exporter has the word on what cannot be read
		}
		t := e.time()
		if first.IsZero() {
			first = t
		}
		if t.After(last) {
			last = t
		}
	}
	if err := lines.Err(); err != nil {
		return incident{}, fmt.Errorf("read %s: %w", path, err)
	}
	marks, err := readMarks(strings.TrimSuffix(path, ".jsonl")+".marks.txt", first)
	return incident{length: last.Sub(first), marks: marks}, err
}

func readMarks(path string, first time.Time) ([]mark, error) {
	b, err := os.ReadFile(path)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	var marks []mark
	for line := range strings.Lines(string(b)) {
		when, what, _ := strings.Cut(strings.TrimSpace(line), " ")
		if when == "" || strings.HasPrefix(when, "#") {
			continue
		}
		t, err := time.Parse(time.RFC3339, when)
		if err != nil {
			return nil, fmt.Errorf("read %s: %w", path, err)
		}
		marks = append(marks, mark{at: t.Sub(first), what: what})
	}
	return marks, nil
}
