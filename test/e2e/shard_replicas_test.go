package e2e

import (
	"context"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/kubebark/kubebark/test/mixin"
	"github.com/kubebark/kubebark/test/testbed"
)

const maxOfReplicas = `sum by (reason) (max without (instance, pod) (increase(kube_event_occurrences_total{reason="MountLost"}[5m])))`

// TestReplicasAreCountedOnce: two exporters count the same, and each is killed and
// comes back while it goes on. What the recording rule for replicas says, and the
// max of their increases, is what happened.
func TestReplicasAreCountedOnce(t *testing.T) {
	t.Parallel()
	ctx, cancel := context.WithTimeout(t.Context(), 4*time.Minute)
	t.Cleanup(cancel)
	w := &world{t: t, ctx: ctx, dir: t.TempDir()}
	c := newFakeCluster(t)
	var replicas []program
	for _, name := range []string{"a", "b"} {
		replicas = append(replicas, w.exporterOf(c, name, "metrics: {new_series_delay: 3s}\n", "--state.file="+w.dir+"/state-"+name))
	}
	p := w.scrapeReplicas(replicas)
	e, err := c.store.Create(aboutDB("Warning", "MountLost", 1))
	w.must(err)
	repeat := func(times int) {
		for range times {
			next := e.DeepCopy()
			next.Count++
			e, err = c.store.Update(next)
			w.must(err)
		}
	}
	counted := func(r program, want float64) {
		t.Helper()
		w.eventually(fmt.Sprintf("a replica counts %v", want), func() (bool, error) {
			got := w.metric(r, "kube_event_occurrences_total", "reason=MountLost")
			return got == want, fmt.Errorf("it counts %v", got)
		})
	}
	repeat(9)
	for _, r := range replicas {
		counted(r, 10)
	}
	w.scraped(p, 2, 10)
	// One is away for the second ten, the other for the third.
	for i := range replicas {
		replicas[i].Kill()
		repeat(10)
		counted(replicas[1-i], float64(20+10*i))
		replicas[i] = w.startAgain(replicas[i])
		counted(replicas[i], float64(20+10*i))
	}
	w.scraped(p, 2, 30)
	at := w.points(p, `max(timestamp(kube_event_occurrences_total{reason="MountLost"}))`, 0)[0].value
	// At the very sample; between two of them it is stretched by a part of a second.
	if got := w.points(p, maxOfReplicas, at); len(got) != 1 || got[0].value < 30-1e-6 || got[0].value > 33 {
		t.Errorf("the max of the increases is %v, 30 happened", got)
	}
	w.eventually("the rule tells what happened", func() (bool, error) {
		got := w.points(p, `cluster_type_reason:kube_event_occurrences:rate5m{reason="MountLost"} * 300`, 0)
		return len(got) == 1 && got[0].value > 29.9 && got[0].value < 33, fmt.Errorf("it says %v", got)
	})
}

// scraped waits until Prometheus has so many series with a value.
func (w *world) scraped(p *testbed.Server, series, value float64) {
	w.t.Helper()
	w.eventually(fmt.Sprintf("%v series are at %v", series, value), func() (bool, error) {
		got := w.points(p, fmt.Sprintf(`count(kube_event_occurrences_total{reason="MountLost"} == %v)`, value), 0)
		return len(got) == 1 && got[0].value == series, fmt.Errorf("%v are", got)
	})
}

// scrapeReplicas starts a Prometheus with the mixin's rules for replicas.
func (w *world) scrapeReplicas(replicas []program) *testbed.Server {
	w.t.Helper()
	files, err := mixin.Render("../../mixin", w.file("replicated.libsonnet", "{_config+:: {replicated: true}}"))
	w.must(err)
	rules := w.file("rules.yml", string(files["rules.yml"]))
	var targets []string
	for _, r := range replicas {
		targets = append(targets, fmt.Sprintf("%q", strings.TrimPrefix(r.url, "http://")))
	}
	p, err := testbed.StartPrometheus(w.ctx, fmt.Sprintf(`
global: {scrape_interval: 1s, evaluation_interval: 1s}
rule_files: [%s]
scrape_configs:
  - job_name: kube-event-exporter
    honor_labels: true
    static_configs: [{targets: [%s]}]
`, rules, strings.Join(targets, ", ")), testbed.ServerOptions{})
	w.must(err)
	w.t.Cleanup(func() { w.check(p.Stop()) })
	return p
}
