package e2e

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"testing"
	"time"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/kubebark/kubebark/test/testbed"
)

// A pair is two Alertmanagers that gossip, each with a receiver.
type pair struct {
	*world

	ams []string
}

// A replica is an exporter and its line to the API server.
type replica struct {
	program

	line *testbed.Line
}

func newPair(t *testing.T) *pair {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 4*time.Minute)
	t.Cleanup(cancel)
	p := &pair{world: &world{t: t, ctx: ctx, dir: t.TempDir()}}
	var err error
	p.client, err = cluster.Client()
	p.must(err)
	p.startPhones()
	for _, args := range members(t, 2) {
		p.startReceiver()
		s, err := testbed.StartAlertmanager(ctx, fmt.Sprintf(`
route:
  receiver: oncall
  group_by: [namespace, name]
  group_wait: 2s
  group_interval: %s
  repeat_interval: 1h
receivers: [{name: oncall, webhook_configs: [{url: %s/webhook}]}]
`, pairInterval(), p.receiver.url), testbed.ServerOptions{Port: quietPort(t), Args: args})
		p.must(err)
		t.Cleanup(func() { p.check(s.Stop()) })
		p.ams = append(p.ams, s.URL())
	}
	p.eventually("the Alertmanagers have met", func() (bool, error) {
		var s struct {
			Cluster struct {
				Status string `json:"status"`
				Peers  []any  `json:"peers"`
			} `json:"cluster"`
		}
		_, body, err := testbed.Get(ctx, p.ams[0]+"/api/v2/status")
		if err == nil {
			err = json.Unmarshal([]byte(body), &s)
		}
		return s.Cluster.Status == "ready" && len(s.Cluster.Peers) == 2, err
	})
	return p
}

// in returns a world with a namespace of its own.
func (p *pair) in(t *testing.T) *world {
	t.Helper()
	w := *p.world
	w.dir, w.ns = t.TempDir(), w.newNamespace()
	return &w
}

// replica starts an exporter of the world's namespace.
func (p *pair) replica(w *world) *replica {
	p.t.Helper()
	config := w.file("exporter.yml", fmt.Sprintf(`
alerting:
  alertmanagers: [{url: %s}, {url: %s}]
  resend_interval: 1s
alerts:
  rules:
    - matchers: ['reason="DiskSlow"']
      keep_firing_for: %s
      resolve_on: [DiskFast]
`, p.ams[0], p.ams[1], pairQuiet()))
	r := &replica{line: newLine(p.t, 0)}
	r.program = w.program("kube-event-exporter", "--config.file="+config, "--kube.server=https://"+r.line.Address(),
		"--kubeconfig="+cluster.Kubeconfig(testbed.Admin), "--namespaces="+w.ns)
	w.run(&r.program)
	return r
}

// up waits until an exporter sees events.
func (w *world) up(r *replica) {
	w.t.Helper()
	w.answers(r.program)
	w.exporter = r.program
	w.ready()
}

// stays waits until neither Alertmanager has any alert of the cases, for long
// enough that it would have told of it again.
func (p *pair) stays(t *testing.T, cases []*pairCase) {
	t.Helper()
	since := time.Now()
	p.eventually("the alerts stay away", func() (bool, error) {
		for _, am := range p.ams {
			p.am = am
			for _, a := range p.alerts("DiskSlow") {
				if slices.ContainsFunc(cases, func(c *pairCase) bool { return c.ns == a.Labels["namespace"] }) {
					since = time.Now()
				}
			}
		}
		return time.Since(since) > pairInterval()+*lag, nil
	})
}

// A trouble is an event that is written again every second.
type trouble struct {
	w     *world
	event *corev1.Event
	stops context.CancelFunc
	done  chan error
}

func (p *pair) begin(w *world) *trouble {
	p.t.Helper()
	now := metav1.Now()
	e, err := p.client.CoreV1().Events(w.ns).Create(p.ctx, &corev1.Event{
		ObjectMeta: metav1.ObjectMeta{Name: "db-0.1"}, InvolvedObject: *w.pod("db-0"),
		Type: corev1.EventTypeWarning, Reason: "DiskSlow", Message: "a write took 3 s", Count: 1,
		FirstTimestamp: now, LastTimestamp: now, Source: corev1.EventSource{Component: "lab-operator", Host: "n1"},
	}, metav1.CreateOptions{})
	p.must(err)
	ctx, stop := context.WithCancel(p.ctx)
	tr := &trouble{w: w, event: e, stops: stop, done: make(chan error, 1)}
	go func() { tr.done <- tr.write(ctx) }()
	return tr
}

func (tr *trouble) write(ctx context.Context) error {
	tick := time.NewTicker(time.Second)
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			return nil
		case <-tick.C:
		}
		tr.event.Count++
		tr.event.LastTimestamp = metav1.Now()
		e, err := tr.w.client.CoreV1().Events(tr.w.ns).Update(tr.w.ctx, tr.event, metav1.UpdateOptions{})
		if err != nil {
			return err
		}
		tr.event = e
	}
}

// goOn lets the trouble last for so long.
func (tr *trouble) goOn(d time.Duration) {
	tr.w.t.Helper()
	select {
	case err := <-tr.done:
		tr.w.t.Fatalf("write the event again: %v", err)
	case <-time.After(d):
	}
}

func (tr *trouble) stop() {
	tr.w.t.Helper()
	tr.stops()
	tr.w.check(<-tr.done)
}

// members returns the flags of so many Alertmanagers that gossip.
func members(t *testing.T, n int) [][]string {
	t.Helper()
	ports := make([]int, n)
	for i := range ports {
		ports[i] = quietPort(t)
	}
	var all [][]string
	for i := range ports {
		args := []string{
			fmt.Sprintf("--cluster.listen-address=127.0.0.1:%d", ports[i]),
			fmt.Sprintf("--cluster.advertise-address=127.0.0.1:%d", ports[i]),
			"--cluster.peer-timeout=5s", "--cluster.gossip-interval=50ms", "--cluster.pushpull-interval=1s",
		}
		for j := range ports {
			if j != i {
				args = append(args, fmt.Sprintf("--cluster.peer=127.0.0.1:%d", ports[j]))
			}
		}
		all = append(all, args)
	}
	return all
}
