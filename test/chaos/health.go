package chaos

import (
	"context"
	"fmt"
	"net/url"
	"slices"
	"strings"
	"time"
)

// A growth is how much of something a program has in the middle third of a run,
// and in the last.
type growth struct {
	what         string
	middle, last float64
	allowed      float64
}

func (g growth) String() string {
	return fmt.Sprintf("%s %.4g → %.4g", g.what, g.middle, g.last)
}

// steady compares what programs have of memory, goroutines and open files in the
// last third of the run with what they had in the one before. What is remembered
// of each event by name may grow.
func (w *world) steady(ctx context.Context) (all []growth, err error) {
	length := time.Since(w.timeline.begun)
	if w.pace.short || length < w.pace.steadyMinLen {
		return nil, nil
	}
	from, step := w.timeline.begun, length/200
	names, err := w.medians(ctx, "kube_event_exporter_tracked_events", from, length, step)
	if err != nil {
		return nil, err
	}
	var grown []string
	for metric, slack := range map[string]func(middle float64) float64{
		"go_goroutines":                 func(float64) float64 { return 15 },
		"process_open_fds":              func(float64) float64 { return 15 },
		"process_resident_memory_bytes": func(m float64) float64 { return 16<<20 + m/4 },
		"go_memstats_heap_inuse_bytes":  func(m float64) float64 { return 12<<20 + m/4 },
	} {
		m, err := w.medians(ctx, metric, from, length, step)
		if err != nil {
			return nil, err
		}
		for who, v := range m {
			g := growth{what: who + " " + metric, middle: v[0], last: v[1], allowed: slack(v[0])}
			if n := names[who]; strings.HasSuffix(metric, "bytes") {
				g.allowed += 4096 * max(0, n[1]-n[0])
			}
			if all = append(all, g); g.last > g.middle+g.allowed {
				grown = append(grown, fmt.Sprintf("%s, allowed are %.4g more", g, g.allowed))
			}
		}
	}
	slices.SortFunc(all, func(a, b growth) int { return strings.Compare(a.what, b.what) })
	if len(grown) > 0 {
		return all, fmt.Errorf("programs grow:\n  %s", strings.Join(grown, "\n  "))
	}
	return all, nil
}

// medians returns the median of a metric over the middle third of the run and
// over the last, by target.
func (w *world) medians(ctx context.Context, metric string, from time.Time, length, step time.Duration) (map[string][2]float64, error) {
	out := map[string][2]float64{}
	for i := range 2 {
		begin := from.Add(length * time.Duration(i+1) / 3)
		end := begin.Add(length / 3)
		all, err := w.answer(ctx, fmt.Sprintf("/api/v1/query_range?query=%s&start=%d&end=%d&step=%d",
			url.QueryEscape(metric), begin.Unix(), end.Unix(), max(1, int(step.Seconds()))), metric)
		if err != nil {
			return nil, err
		}
		for _, s := range all {
			var vs []float64
			for _, p := range s.Values {
				vs = append(vs, number(p))
			}
			slices.Sort(vs)
			who := strings.TrimSpace(s.Metric["job"] + " " + s.Metric["replica"])
			pair := out[who]
			pair[i] = vs[len(vs)/2]
			out[who] = pair
		}
	}
	return out, nil
}
