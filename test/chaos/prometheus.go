package chaos

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/url"
	"strconv"
	"time"

	"github.com/kubebark/kubebark/test/tally"
	"github.com/kubebark/kubebark/test/testbed"
)

// aSeries is a series in an answer of Prometheus.
type aSeries struct {
	Metric map[string]string `json:"metric"`
	Value  [2]any            `json:"value"`
	Values [][2]any          `json:"values"`
}

func (s *aSeries) labels() tally.Labels {
	m := s.Metric
	return tally.Labels{Type: m["type"], Reason: m["reason"], Kind: m["kind"], Namespace: m["namespace"], Component: m["component"]}
}

func number(point [2]any) float64 {
	text, _ := point[1].(string)
	f, err := strconv.ParseFloat(text, 64)
	if err != nil {
		return 0 // there is none
	}
	return f
}

// ask has Prometheus evaluate an expression now.
func (w *world) ask(ctx context.Context, expr string) ([]aSeries, error) {
	return w.answer(ctx, "/api/v1/query?query="+url.QueryEscape(expr), expr)
}

func (w *world) answer(ctx context.Context, path, expr string) ([]aSeries, error) {
	code, body, err := w.prom.get(ctx, path)
	if err != nil {
		return nil, fmt.Errorf("ask Prometheus for %s: %w", expr, err)
	}
	var a struct {
		Error string `json:"error"`
		Data  struct {
			Result []aSeries `json:"result"`
		} `json:"data"`
	}
	if err := json.Unmarshal([]byte(body), &a); err != nil {
		return nil, fmt.Errorf("ask Prometheus for %s: status %d: %w", expr, code, err)
	}
	if a.Error != "" {
		return nil, fmt.Errorf("ask Prometheus for %s: %s", expr, a.Error)
	}
	return a.Data.Result, nil
}

// scraped waits until Prometheus has scraped all anew.
func (w *world) scraped(ctx context.Context) error {
	since := float64(time.Now().UnixMilli()) / 1000
	return testbed.Poll(ctx, "until Prometheus has scraped all", func(ctx context.Context) (bool, error) {
		all, err := w.ask(ctx, "timestamp(up) and (up == 1)")
		fresh := 0
		for i := range all {
			if number(all[i].Value) > since {
				fresh++
			}
		}
		return fresh == 3, errors.Join(err, fmt.Errorf("%d of 3", fresh))
	})
}

// shown returns what the counters of each exporter are at, by Prometheus.
func (w *world) shown(ctx context.Context) (map[string]map[tally.Labels]int64, error) {
	all, err := w.ask(ctx, tally.Counter)
	counted := map[string]map[tally.Labels]int64{"a": {}, "b": {}}
	for i := range all {
		counted[all[i].Metric["replica"]][all[i].labels()] += int64(number(all[i].Value))
	}
	return counted, err
}

// increased adds up all samples of the run as increase() does: the first is no
// increase, and one below the last is a reset.
func (w *world) increased(ctx context.Context) (counted map[string]map[tally.Labels]int64, resets int, err error) {
	expr := fmt.Sprintf("%s[%ds]", tally.Counter, int(time.Since(w.timeline.begun).Seconds())+60)
	all, err := w.ask(ctx, expr)
	counted = map[string]map[tally.Labels]int64{"a": {}, "b": {}}
	for i := range all {
		sum, last := 0.0, 0.0
		for n, point := range all[i].Values {
			v := number(point)
			switch {
			case n == 0:
			case v < last:
				resets++
				sum += v
			default:
				sum += v - last
			}
			last = v
		}
		counted[all[i].Metric["replica"]][all[i].labels()] += int64(sum)
	}
	return counted, resets, err
}

// judgeCounters waits until both exporters have counted all that is not written
// any more, and looks whether either has counted too much. It returns the label
// sets of which both have all.
func (w *world) judgeCounters(ctx context.Context, since time.Time) (map[tally.Labels]bool, error) {
	ctx, cancel := context.WithTimeout(ctx, w.pace.limit)
	defer cancel()
	var settled map[tally.Labels]bool
	var broken error
	var lacking []error // at the last look that there was
	err := testbed.Poll(ctx, "until all is counted", func(ctx context.Context) (bool, error) {
		counted, err := w.shown(ctx)
		if err != nil {
			return false, errors.Join(append(lacking, err)...)
		}
		lacking, settled = nil, nil
		for _, replica := range []string{"a", "b"} {
			j := w.ledger.judge(counted[replica], since)
			if len(j.double) > 0 {
				broken = j.err("exporter-" + replica)
				return true, nil
			}
			lacking = append(lacking, j.err("exporter-"+replica))
			settled = both(settled, j.settled)
		}
		err = errors.Join(lacking...)
		return err == nil, err
	})
	return settled, errors.Join(broken, err)
}

func both(a, b map[tally.Labels]bool) map[tally.Labels]bool {
	if a == nil {
		return b
	}
	out := map[tally.Labels]bool{}
	for ls := range a {
		if b[ls] {
			out[ls] = true
		}
	}
	return out
}

// judgeSamples holds all of Prometheus' samples against the truth.
func (w *world) judgeSamples(ctx context.Context) (beyond int64, err error) {
	counted, resets, err := w.increased(ctx)
	if err != nil {
		return 0, err
	}
	var errs []error
	for _, replica := range []string{"a", "b"} {
		j := w.ledger.judge(counted[replica], time.Now())
		errs = append(errs, j.err("samples of exporter-"+replica))
		beyond += j.beyond
	}
	if resets > 0 {
		errs = append(errs, fmt.Errorf("prometheus saw %d resets of counters, which have a state file", resets))
	}
	return beyond, errors.Join(errs...)
}

// judgeLogs waits until both event logs have what was written.
func (w *world) judgeLogs(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, w.pace.limit)
	defer cancel()
	for i, e := range w.exporters {
		err := testbed.Poll(ctx, "until the event log of "+e.name+" has all", func(context.Context) (bool, error) {
			counted, err := tally.Log(w.eventLog(i))
			if err == nil {
				err = w.ledger.judge(counted, time.Now()).err("event log")
			}
			return err == nil, err
		})
		if err != nil {
			return err
		}
	}
	return nil
}
