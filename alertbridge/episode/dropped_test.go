package episode

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/testutil"
)

// TestDropped: what rules drop is counted by reason and namespace, from 0 on,
// and nothing else is.
func TestDropped(t *testing.T) {
	reg := prometheus.NewPedanticRegistry()
	const name = "kube_event_exporter_dropped_occurrences_total"
	shows := func(lines ...string) {
		t.Helper()
		want := "# HELP " + name + " Occurrences that a rule dropped, so that they made no alert.\n# TYPE " + name + " counter\n"
		for _, l := range lines {
			want += name + l + "\n"
		}
		if err := testutil.GatherAndCompare(reg, strings.NewReader(want), name); err != nil {
			t.Error(err)
		}
	}
	inWorld(t, func(w *world) {
		for _, reason := range []string{"NoPods", "NoPods", "HighCPUUsage"} {
			o := warning(reason, "budget")
			o.New = 3
			w.see(o)
		}
		shows(`{namespace="shop",reason="NoPods"} 0`)
		time.Sleep(2*time.Minute - time.Second)
		shows(`{namespace="shop",reason="NoPods"} 0`)
		time.Sleep(time.Second)
		shows(`{namespace="shop",reason="NoPods"} 6`)
	}, withRules(t, `rules: [{name: quiet, matchers: ['reason="NoPods"'], drop: true}]`),
		func(o *Options, s *Settings) { o.Registerer, s.NewSeriesDelay = reg, 2*time.Minute })
}

func TestDroppedIsBounded(t *testing.T) {
	reg := prometheus.NewPedanticRegistry()
	inWorld(t, func(w *world) {
		for i := range maxDropped + 10 {
			w.see(warning(fmt.Sprintf("Reason%d", i), "app"))
		}
		if n, err := testutil.GatherAndCount(reg, "kube_event_exporter_dropped_occurrences_total"); err != nil || n != maxDropped+1 {
			t.Errorf("%d label sets, %v", n, err)
		}
		if c := w.metrics.dropped.counts[dropKey{reason: "_other"}]; c == nil || c.n != 10 {
			t.Errorf("past the limit: %+v", c)
		}
	}, withRules(t, `rules: [{name: quiet, matchers: ['reason=~"Reason.*"'], drop: true}]`),
		func(o *Options, _ *Settings) { o.Registerer = reg })
}
