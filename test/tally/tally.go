// Package tally adds up what an exporter says it has counted, by the labels of
// its counter, for whoever holds that against what was written.
package tally

import (
	"bufio"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
)

// Counter is the counter of occurrences.
const Counter = "kube_event_occurrences_total"

// Labels are those of [Counter].
type Labels struct {
	Type, Reason, Kind, Namespace, Component string
}

// String returns the labels as they are written in a query.
func (l Labels) String() string {
	return fmt.Sprintf("{type=%q,reason=%q,kind=%q,namespace=%q,component=%q}", l.Type, l.Reason, l.Kind, l.Namespace, l.Component)
}

// maxLine is more than any line of an event log has.
const maxLine = 8 << 20

// Log adds up an event log; one that is not there yet holds nothing. That it has
// a change of an event twice is an error: event.id tells it.
func Log(path string) (map[Labels]int64, error) {
	f, err := os.Open(path)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil //nolint:nilnil // nothing was written yet
	}
	if err != nil {
		return nil, err
	}
	defer f.Close()
	totals, lines := make(map[Labels]int64), make(map[string]int)
	s := bufio.NewScanner(f)
	s.Buffer(nil, maxLine)
	for n := 1; s.Scan(); n++ {
		var l struct {
			ID          string `json:"event.id"`
			Type        string `json:"k8s.event.type"`
			Reason      string `json:"k8s.event.reason"`
			Kind        string `json:"k8s.object.kind"`
			Namespace   string `json:"k8s.namespace.name"`
			Component   string `json:"k8s.event.reporting_component"`
			Occurrences int64  `json:"occurrences"`
		}
		if err := json.Unmarshal(s.Bytes(), &l); err != nil {
			return nil, fmt.Errorf("%s: line %d: %w", path, n, err)
		}
		if first, ok := lines[l.ID]; ok || l.ID == "" {
			return nil, fmt.Errorf("%s: lines %d and %d have the same event.id, %q", path, first, n, l.ID)
		}
		lines[l.ID] = n
		if l.Type != "Normal" && l.Type != "Warning" {
			l.Type = "Other" // as the counter has it
		}
		totals[Labels{l.Type, l.Reason, l.Kind, l.Namespace, l.Component}] += l.Occurrences
	}
	return totals, s.Err()
}
