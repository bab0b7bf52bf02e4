package e2e

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"net/url"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/kubebark/kubebark/test/testbed"
)

// newCounter starts the exporter alone: what is about counters needs neither
// Alertmanager nor phones.
func newCounter(t *testing.T, s setting) *world {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 4*time.Minute)
	t.Cleanup(cancel)
	w := &world{t: t, ctx: ctx, dir: t.TempDir(), am: fmt.Sprintf("http://127.0.0.1:%d", quietPort(t))}
	var err error
	w.client, err = cluster.Client()
	w.must(err)
	w.ns = w.newNamespace()
	w.startExporter(s)
	w.ready()
	return w
}

// scraper starts a Prometheus that scrapes the exporter every second. The name
// is part of what its offset within the second is made of.
func (w *world) scraper(name, config string, args ...string) *testbed.Server {
	w.t.Helper()
	p, err := testbed.StartPrometheus(w.ctx, fmt.Sprintf(`
global: {scrape_interval: 1s, external_labels: {replica: %s}}
scrape_configs:
  - job_name: kube-event-exporter
    honor_labels: true
    static_configs: [{targets: [%q]}]
    %s
`, name, strings.TrimPrefix(w.exporter.url, "http://"), config), testbed.ServerOptions{Args: args})
	w.must(err)
	w.t.Cleanup(func() { w.check(p.Stop()) })
	return p
}

// point is a sample of a series.
type point struct{ at, value float64 }

// points has a Prometheus evaluate an expression that yields one series, or
// none, at a time in seconds; 0 is now. An instant vector is one point.
func (w *world) points(p *testbed.Server, expr string, at float64) []point {
	w.t.Helper()
	u := p.URL() + "/api/v1/query?query=" + url.QueryEscape(expr)
	if at != 0 {
		u += fmt.Sprintf("&time=%.3f", at)
	}
	_, body, err := testbed.Get(w.ctx, u)
	w.must(err)
	var answer struct {
		Error string `json:"error"`
		Data  struct {
			Result []struct {
				Value  [2]any   `json:"value"`
				Values [][2]any `json:"values"`
			} `json:"result"`
		} `json:"data"`
	}
	w.must(json.Unmarshal([]byte(body), &answer))
	if answer.Error != "" || len(answer.Data.Result) > 1 {
		w.t.Fatalf("%s: %d series, error %q", expr, len(answer.Data.Result), answer.Error)
	}
	if len(answer.Data.Result) == 0 {
		return nil
	}
	all := answer.Data.Result[0].Values
	if v := answer.Data.Result[0].Value; v[0] != nil {
		all = append(all, v)
	}
	var out []point
	for _, v := range all {
		at, _ := v[0].(float64)
		text, _ := v[1].(string)
		f, err := strconv.ParseFloat(text, 64)
		w.must(err)
		out = append(out, point{at, f})
	}
	return out
}

// reaches waits until a Prometheus has the counter at a value and returns all
// samples up to the first one that has it.
func (w *world) reaches(p *testbed.Server, counter string, want float64) []point {
	w.t.Helper()
	var got []point
	w.eventually(fmt.Sprintf("Prometheus has %s at %v", counter, want), func() (bool, error) {
		got = w.points(p, counter+"[5m]", 0)
		for i, g := range got {
			if g.value == want {
				got = got[:i+1]
				return true, nil
			}
		}
		return false, fmt.Errorf("it has %v", got)
	})
	return got
}

// increases checks that increase() and rate() up to the moment at which the
// counter has a value tell exactly that. What they tell at other moments is this
// stretched to the edges of their window, which is Prometheus's way.
func (w *world) increases(p *testbed.Server, counter string, want float64) {
	w.t.Helper()
	ps := w.reaches(p, counter, want)
	last := ps[len(ps)-1]
	if ps[0].value != 0 {
		w.t.Errorf("%s: the first sample is %v: %v", p.URL(), ps[0].value, ps)
	}
	for _, expr := range []string{
		"increase(%s[1m])", "increase(%s[5m])", "rate(%s[1m]) * 60", "rate(%s[5m]) * 300",
	} {
		got := w.points(p, fmt.Sprintf(expr, counter), last.at)
		if len(got) != 1 || math.Abs(got[0].value-want) > 1e-9 {
			w.t.Errorf("%s: %s is %v, want %v; the samples are %v", p.URL(), fmt.Sprintf(expr, counter), got, want, ps)
		}
	}
}

// offset returns where in the second a Prometheus scrapes.
func (w *world) offset(p *testbed.Server) time.Duration {
	w.t.Helper()
	var ps []point
	w.eventually("Prometheus scrapes", func() (bool, error) {
		ps = w.points(p, `timestamp(kube_event_exporter_series_limit)`, 0)
		return len(ps) == 1, errors.New("no sample")
	})
	_, part := math.Modf(ps[0].value)
	return time.Duration(part * float64(time.Second))
}
