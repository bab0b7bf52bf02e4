package e2e

import (
	"flag"
	"strings"
	"testing"
	"time"

	corev1 "k8s.io/api/core/v1"

	"github.com/kubebark/kubebark/test/phone"
)

// lag is how far behind one exporter is; all other times follow from it.
var lag = flag.Duration("lag", 5*time.Second, "how far one of the pair's exporters lags behind")

// The trouble of these tests is written every second and over when it has been
// quiet for so long.
func pairQuiet() time.Duration { return *lag }

// pairInterval is how long Alertmanager waits, which is longer than the lag.
func pairInterval() time.Duration { return *lag + 2*time.Second }

// A pairCase is what happens to the second of two exporters while a trouble
// lasts that both see.
type pairCase struct {
	name string
	do   func(c *pairCase)
	end  string // the reason that ends the trouble; "" for silence

	*world

	a, b    *replica
	trouble *trouble
	first   phone.Notification
}

func pairCases() []*pairCase {
	well := func(*pairCase) {}
	slow := func(c *pairCase) { c.b.line.Slow(0, *lag) }
	restart := func(r *replica, w *world) {
		r.Kill()
		r.program = w.startAgain(r.program)
	}
	return []*pairCase{
		{name: "both are well", do: well},
		{name: "both are well until it recovers", do: well, end: "DiskFast"},
		{name: "one dies", do: func(c *pairCase) { c.b.Kill() }},
		{name: "one restarts", do: func(c *pairCase) { restart(c.b, c.world) }},
		{name: "both restart, one after the other", do: func(c *pairCase) { restart(c.b, c.world); restart(c.a, c.world) }},
		{name: "one lags", do: slow},
		{name: "one lags until it recovers", do: slow, end: "DiskFast"},
		{name: "one has a hung watch", do: func(c *pairCase) { c.b.line.Freeze() }},
	}
}

// TestPair: two exporters and two Alertmanagers that gossip, each with a
// receiver of its own, make one push of one trouble and one of its end,
// whatever happens to one of the exporters meanwhile. All cases go through it
// side by side.
func TestPair(t *testing.T) {
	t.Parallel()
	p := newPair(t)
	cases := pairCases()
	for _, c := range cases {
		c.world = p.in(t)
		c.a, c.b = p.replica(c.world), p.replica(c.world)
	}
	for _, c := range cases {
		c.up(c.a)
		c.up(c.b)
	}
	for _, c := range cases {
		c.trouble = p.begin(c.world)
	}
	for _, c := range cases {
		c.first = c.push(c.ada, c.ns)
		c.do(c)
	}
	for _, c := range cases {
		c.trouble.goOn(3*pairQuiet() - time.Since(c.first.First))
		if c.metric(c.a.program, "kube_event_exporter_alerts", "state=firing") != 1 {
			t.Errorf("%s: the one that is well does not fire", c.name)
		}
		c.told(1, "while it lasts")
	}
	for _, c := range cases {
		if c.trouble.stop(); c.end != "" {
			c.recorder("lab-operator").Event(c.pod("db-0"), corev1.EventTypeNormal, c.end, "it is fast again")
		}
	}
	for _, c := range cases {
		c.becomes(c.first, c.ending())
	}
	p.stays(t, cases)
	for _, c := range cases {
		c.told(2, "with its end")
	}
}

func (c *pairCase) ending() string {
	if c.end != "" {
		return c.end
	}
	return "quiet for " + pairQuiet().String()
}

// told compares how many pushes came.
func (c *pairCase) told(want int, when string) {
	c.t.Helper()
	var all []string
	for _, r := range c.ada.Requests() {
		if body := string(r.Body); strings.Contains(body, c.ns) {
			all = append(all, r.Time.Format("15:04:05 ")+body)
		}
	}
	if len(all) != want {
		c.t.Errorf("%s: %s %d pushes came, want %d:\n%s", c.name, when, len(all), want, strings.Join(all, "\n"))
	}
}
