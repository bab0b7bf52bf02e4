package truth

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"

	corev1 "k8s.io/api/core/v1"

	"github.com/kubebark/kubebark/test/tally"
	"github.com/kubebark/kubebark/test/testbed"
)

// shards returns how many exporters divide the cluster.
func (w *world) shards() int { return max(1, w.schedule.Kind.Shards) }

// home makes the folder of an exporter, which is the world's where there is but
// one.
func (w *world) home(i int) (string, error) {
	if w.shards() == 1 {
		return w.opts.Dir, nil
	}
	dir := filepath.Join(w.opts.Dir, fmt.Sprintf("shard-%d", i))
	return dir, os.Mkdir(dir, 0o700)
}

// employ makes an exporter of each shard.
func (w *world) employ(config string, flags []string) error {
	if w.shards() > 1 {
		config += "alerts: {builtin_rules: false}\n" // each Warning raises an alert
	}
	for i := range w.shards() {
		dir, err := w.home(i)
		if err != nil {
			return err
		}
		own := slices.Clone(flags)
		if n := w.schedule.Kind.Shards; n > 1 {
			own = append(own, fmt.Sprintf("--shard=%d", i), fmt.Sprintf("--total-shards=%d", n))
		}
		if w.logs() {
			own = append(own, "--event-log.file="+logFile(dir))
		}
		if w.schedule.Kind.State {
			own = append(own, "--state.file="+stateFile(dir))
		}
		e, err := newExporter(w.opts, dir, config, own...)
		if err != nil {
			return err
		}
		w.exporters = append(w.exporters, e)
	}
	w.exporter = w.exporters[0]
	return nil
}

// each does something with each exporter.
func (w *world) each(f func(*exporter) error) error {
	var errs []error
	for _, e := range w.exporters {
		errs = append(errs, f(e))
	}
	return errors.Join(errs...)
}

func stateFile(dir string) string { return filepath.Join(dir, "state") }

func logFile(dir string) string { return filepath.Join(dir, "events.jsonl") }

// tail returns the last lines of each exporter's log.
func (w *world) tail(lines int) string {
	var all []string
	for _, e := range w.exporters {
		all = append(all, e.tail(lines))
	}
	return strings.Join(all, "\n")
}

// totals are what each Prometheus has scraped: one that scrapes shards adds
// them up.
func (w *world) totals() []map[tally.Labels]int64 {
	var all []map[tally.Labels]int64
	for _, sc := range w.scrapers {
		all = append(all, sc.totals())
	}
	if w.shards() > 1 {
		return []map[tally.Labels]int64{sum(all)}
	}
	return all
}

func sum(all []map[tally.Labels]int64) map[tally.Labels]int64 {
	out := make(map[tally.Labels]int64)
	for _, m := range all {
		for ls, n := range m {
			out[ls] += n
		}
	}
	return out
}

// alerted holds the alerts of all shards against what is there: each Warning has
// its alert, and each alert is in one shard alone. Of an event that has gone the
// alert goes with a kill, for alerts are saved now and then.
func (w *world) alerted(ctx context.Context) verdict {
	var v verdict
	told := make(map[string]bool)
	in := make(map[string]int)
	for i, e := range w.exporters {
		alerts, err := e.alerts(ctx)
		if err != nil {
			v.Faults = append(v.Faults, fmt.Sprintf("alerts of shard %d: %v", i, err))
			continue
		}
		for _, a := range alerts {
			told[a.Labels["namespace"]+" "+a.Labels["kind"]+" "+a.Labels["reason"]] = true
			in[a.Fingerprint]++
			if in[a.Fingerprint] > 1 {
				v.Faults = append(v.Faults, fmt.Sprintf("%v is raised by two shards", a.Labels))
			}
		}
	}
	for _, t := range w.story.shelf.live {
		ls := t.labels
		if ls.Type != corev1.EventTypeWarning {
			continue
		}
		v.Made++
		if !told[strings.Join([]string{ls.Namespace, ls.Kind, ls.Reason}, " ")] {
			v.Faults = append(v.Faults, fmt.Sprintf("%s raises no alert", ls))
		}
	}
	return v
}

// alert is one of those that the exporter tells of.
type alert struct {
	Fingerprint string            `json:"fingerprint"`
	Labels      map[string]string `json:"labels"`
}

func (e *exporter) alerts(ctx context.Context) ([]alert, error) {
	_, body, err := testbed.Get(ctx, e.url+"/api/v1/alerts")
	if err != nil {
		return nil, err
	}
	var answer struct {
		Data struct {
			Alerts []alert `json:"alerts"`
		} `json:"data"`
	}
	err = json.Unmarshal([]byte(body), &answer)
	return answer.Data.Alerts, err
}

// own returns the exporters' own counters and how often they were started.
func (w *world) own() (map[string]float64, int) {
	out, starts := w.scrapers[0].own(), 0
	for i, e := range w.exporters {
		starts += e.starts
		if i == 0 {
			continue
		}
		for name, n := range w.scrapers[i].own() {
			out[name] += n
		}
	}
	return out, starts
}

// hasState waits until each exporter has its state file.
func (w *world) hasState(ctx context.Context) error {
	return w.each(func(e *exporter) error {
		return testbed.Poll(ctx, "for the state file", func(context.Context) (bool, error) {
			_, err := os.Stat(stateFile(e.command.Dir))
			return err == nil, err
		})
	})
}
