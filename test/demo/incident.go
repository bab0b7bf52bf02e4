package demo

import (
	"errors"
	"io/fs"
	"math"
	"time"

	"github.com/kubebark/kubebark/test/recording"
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

// readIncident finds out how long a recording is, and reads the marks beside
// it if there are any. Lines that cannot be read are passed over: the exporter
// has the word on them.
func readIncident(path string) (incident, error) {
	events, _, err := recording.Read(path)
	if err != nil {
		return incident{}, err
	}
	first, last := recording.Span(events)
	marks, err := recording.Marks(path)
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return incident{}, err
	}
	i := incident{length: last.Sub(first)}
	for _, m := range marks {
		i.marks = append(i.marks, mark{at: m.At.Sub(first), what: m.What})
	}
	return i, nil
}
