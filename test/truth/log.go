package truth

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"time"

	"github.com/kubebark/kubebark/test/testbed"
)

// logLimit is how long the last line may take to be in the event log.
const logLimit = 30 * time.Second

// logged waits until the event log has what was made, and judges it.
func (w *world) logged(ctx context.Context) verdict {
	ctx, cancel := context.WithTimeout(ctx, logLimit)
	defer cancel()
	var v verdict
	err := testbed.Poll(ctx, "until the event log has all", func(context.Context) (bool, error) {
		var all []map[labels]int64
		err := w.each(func(e *exporter) error {
			totals, err := readLog(logFile(e.command.Dir))
			all = append(all, totals)
			return err
		})
		if err != nil {
			return false, err
		}
		v = w.ledger.judge(sum(all), w.schedule.Kind.Bound, w.schedule.Kind.Limited)
		return v.OK(), errors.New(v.String())
	})
	if err != nil {
		v.Faults = append([]string{fmt.Sprintf("event log: %v", err)}, v.Faults...)
	}
	return v
}

// readLog adds up an event log by label set. That it has a change of an event
// twice is an error: event.id tells it.
func readLog(path string) (map[labels]int64, error) {
	f, err := os.Open(path)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil //nolint:nilnil // nothing was written yet
	}
	if err != nil {
		return nil, err
	}
	defer f.Close()
	totals, lines := make(map[labels]int64), make(map[string]int)
	s := bufio.NewScanner(f)
	s.Buffer(nil, 8<<20)
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
			return nil, fmt.Errorf("line %d: %w", n, err)
		}
		if first, ok := lines[l.ID]; ok || l.ID == "" {
			return nil, fmt.Errorf("lines %d and %d have the same event.id, %q", first, n, l.ID)
		}
		lines[l.ID] = n
		if l.Type != "Normal" && l.Type != "Warning" {
			l.Type = "Other"
		}
		totals[labels{l.Type, l.Reason, l.Kind, l.Namespace, l.Component}] += l.Occurrences
	}
	return totals, s.Err()
}
