package truth

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"time"

	"github.com/kubebark/kubebark/test/testbed"
)

// logLimit is how long the last line may take to be in the event log.
const logLimit = 30 * time.Second

func (w *world) logFile() string { return filepath.Join(w.opts.Dir, "events.jsonl") }

// logged waits until the event log has what was made, and judges it.
func (w *world) logged(ctx context.Context) verdict {
	ctx, cancel := context.WithTimeout(ctx, logLimit)
	defer cancel()
	var v verdict
	err := testbed.Poll(ctx, "until the event log has all", func(context.Context) (bool, error) {
		totals, err := readLog(w.logFile())
		if err != nil {
			return false, err
		}
		v = w.ledger.judge(totals, w.schedule.Kind.Bound, w.schedule.Kind.Limited)
		return v.OK(), errors.New(v.String())
	})
	if err != nil {
		v.Faults = append([]string{fmt.Sprintf("event log: %v", err)}, v.Faults...)
	}
	return v
}

// readLog adds up an event log by label set.
func readLog(path string) (map[labels]int64, error) {
	f, err := os.Open(path)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil //nolint:nilnil // nothing was written yet
	}
	if err != nil {
		return nil, err
	}
	defer f.Close()
	totals := make(map[labels]int64)
	s := bufio.NewScanner(f)
	s.Buffer(nil, 8<<20)
	for n := 1; s.Scan(); n++ {
		var l struct {
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
		if l.Type != "Normal" && l.Type != "Warning" {
			l.Type = "Other"
		}
		totals[labels{l.Type, l.Reason, l.Kind, l.Namespace, l.Component}] += l.Occurrences
	}
	return totals, s.Err()
}
