package stage

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"time"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/watch"

	"github.com/kubebark/kubebark/test/testbed"
)

// Series is a label set of the occurrences' counter.
type Series struct{ Type, Reason, Namespace, Kind, Component string }

// recording is what there is to be known of a recorded incident.
type recording struct {
	occurrences map[Series]int
}

// readRecording counts on its own: the recording is the whole history, so the
// occurrences of an event are the last count of it.
func readRecording(path string) (*recording, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	latest := make(map[string]corev1.Event)
	lines := bufio.NewScanner(f)
	lines.Buffer(nil, 1<<20)
	for lines.Scan() {
		var change struct {
			Type   watch.EventType
			Object corev1.Event
		}
		if err := json.Unmarshal(lines.Bytes(), &change); err != nil {
			return nil, fmt.Errorf("read %s: %w", path, err)
		}
		if change.Type == watch.Deleted {
			continue // expired; what happened before the recording is not in it
		}
		latest[change.Object.Namespace+"/"+change.Object.Name] = change.Object
	}
	r := &recording{occurrences: make(map[Series]int)}
	for _, e := range latest {
		n, component := max(1, int(e.Count)), e.Source.Component
		if e.Series != nil {
			n = int(e.Series.Count)
		}
		if component == "" {
			component = e.ReportingController
		}
		r.occurrences[Series{e.Type, e.Reason, e.InvolvedObject.Namespace, e.InvolvedObject.Kind, component}] += n
	}
	return r, lines.Err()
}

// yesterday writes what Prometheus knows of the day before: that pods were
// scheduled and started then, too.
func (s *Stage) yesterday(ctx context.Context) error {
	var b bytes.Buffer
	const metric = "kube_event_last_occurrence_timestamp_seconds"
	fmt.Fprintf(&b, "# TYPE %s gauge\n", metric)
	now := time.Now()
	for series := range s.recording.occurrences {
		switch series.Reason {
		case "Scheduled", "Pulled", "Created", "Started":
		default:
			continue
		}
		for minute := -6; minute <= 30; minute++ { // whenever the panel is looked at
			at := now.Add(-24*time.Hour + time.Duration(minute)*time.Minute).Unix()
			fmt.Fprintf(&b, "%s{cluster=%q,job=\"kube-event-exporter\",type=%q,reason=%q,namespace=%q,kind=%q,component=%q} %d %d\n",
				metric, Demo, series.Type, series.Reason, series.Namespace, series.Kind, series.Component, at, at)
		}
	}
	b.WriteString("# EOF\n")
	file, err := s.file("yesterday.om", b.String())
	if err != nil {
		return err
	}
	promtool, err := testbed.Binary("", "promtool")
	if err != nil {
		return err
	}
	data := filepath.Join(s.opts.Dir, "prometheus")
	out, err := exec.CommandContext(ctx, promtool, "tsdb", "create-blocks-from", "openmetrics", file, data).CombinedOutput() //nolint:gosec // a part of the test bed
	if err != nil {
		return fmt.Errorf("promtool: %w: %s", err, strings.TrimSpace(string(out)))
	}
	return nil
}
