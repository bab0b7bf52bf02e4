package e2e

import (
	"context"
	"fmt"
	"path/filepath"
	"strings"
	"testing"
	"time"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/kubernetes"

	"github.com/kubebark/kubebark/test/testbed"
)

// TestShards: of three shards each counts what no other does, and together they
// count what one exporter of the whole counts; with an API server that divides,
// and with one that ignores that it is asked to.
func TestShards(t *testing.T) {
	t.Parallel()
	t.Run("by the exporter", func(t *testing.T) { testShards(t, cluster, 0) })
	t.Run("by the API server", func(t *testing.T) {
		ctx, cancel := context.WithTimeout(t.Context(), 2*time.Minute)
		defer cancel()
		cp, err := testbed.StartControlPlane(ctx, testbed.Options{APIServerArgs: []string{"--feature-gates=ShardedListAndWatch=true"}})
		if err != nil {
			t.Fatal(err)
		}
		testbed.Attach(t, cp)
		testShards(t, cp, 1)
	})
}

const shards = 3

// sharded is the exporters of one cluster: its shards, and one of the whole.
type sharded struct {
	*world

	cp         *testbed.ControlPlane
	run        string   // in all reasons: others may write events, too
	namespaces []string // so many that each shard has some
	parts      []program
	whole      program
}

func testShards(t *testing.T, cp *testbed.ControlPlane, serverSide float64) {
	ctx, cancel := context.WithTimeout(t.Context(), 4*time.Minute)
	t.Cleanup(cancel)
	s := &sharded{world: &world{t: t, ctx: ctx, dir: t.TempDir()}, cp: cp, run: fmt.Sprintf("Run%d", time.Now().UnixNano())}
	var err error
	s.client, err = cp.Client()
	s.must(err)
	for range 12 {
		s.namespaces = append(s.namespaces, s.newNamespace())
	}
	s.happen("Before") // and is history to all
	s.whole = s.exporterOf("--shard=0", "--total-shards=1")
	for i := range shards {
		s.parts = append(s.parts, s.exporterOf(fmt.Sprintf("--shard=%d", i), fmt.Sprintf("--total-shards=%d", shards),
			"--state.file="+filepath.Join(s.dir, fmt.Sprintf("state-%d", i))))
	}
	s.happen("Seen")
	s.sums("Seen", 1)
	for _, p := range s.parts {
		if got := s.metric(p, "kube_event_exporter_shard_server_side"); got != serverSide {
			t.Errorf("server side is %v, want %v", got, serverSide)
		}
		skipped := s.metric(p, "kube_event_exporter_shard_skipped_events_total")
		if (skipped > 0) != (serverSide == 0) {
			t.Errorf("%v events of others came", skipped)
		}
		if got := s.metric(p, "kube_event_exporter_total_shards"); got != shards {
			t.Errorf("%v shards", got)
		}
	}
	// What happens while one is down is found by its next run.
	s.parts[1].Kill()
	s.happen("Missed")
	s.parts[1] = s.startAgain(s.parts[1])
	s.sums("Missed", 1)
	s.sums("Seen", 1)
	s.sums("Before", 0)
	s.resize()
}

// resize starts a shard anew as one of another number: it sets the state aside
// that is not its own.
func (s *sharded) resize() {
	s.t.Helper()
	p := s.parts[2]
	s.must(p.Stop())
	for i, arg := range p.command.Args {
		p.command.Args[i] = strings.Replace(arg, "--total-shards=3", "--total-shards=4", 1)
	}
	p = s.startAgain(p)
	s.must(p.WaitLog(s.ctx, "it is of shard 2/3"))
	s.eventually("the shard is well", func() (bool, error) {
		code, _, err := testbed.Get(s.ctx, p.url+"/-/ready")
		return code == 200, err
	})
	if got := s.of(p, "Seen", ""); got != 0 {
		s.t.Errorf("a shard of another number goes on from %v", got)
	}
}

func (s *sharded) exporterOf(args ...string) program {
	s.t.Helper()
	config := s.file("exporter.yml", "metrics: {new_series_delay: 1s}\n")
	p := s.start("kube-event-exporter", append([]string{"--config.file=" + config, "--kubeconfig=" + s.cp.Kubeconfig(testbed.Admin)}, args...)...)
	s.eventually("the exporter is ready", func() (bool, error) {
		code, _, err := testbed.Get(s.ctx, p.url+"/-/ready")
		return code == 200, err
	})
	return p
}

// happen makes two occurrences in each namespace, by one event each.
func (s *sharded) happen(reason string) {
	s.t.Helper()
	for _, ns := range s.namespaces {
		for n := range 2 {
			s.must(write(s.ctx, s.client, ns, s.run+reason, n))
		}
	}
}

func write(ctx context.Context, client *kubernetes.Clientset, ns, reason string, n int) error {
	now := metav1.Now()
	_, err := client.CoreV1().Events(ns).Create(ctx, &corev1.Event{
		ObjectMeta:     metav1.ObjectMeta{Namespace: ns, Name: strings.ToLower(fmt.Sprintf("%s.%d", reason, n))},
		InvolvedObject: corev1.ObjectReference{Kind: "Pod", Namespace: ns, Name: "pod"},
		Type:           corev1.EventTypeWarning, Reason: reason, Message: "it happens", Count: 1,
		FirstTimestamp: now, LastTimestamp: now, Source: corev1.EventSource{Component: "lab"},
	}, metav1.CreateOptions{})
	return err
}

// of is what an exporter counts; "" for all namespaces.
func (s *sharded) of(p program, reason, ns string) float64 {
	s.t.Helper()
	labels := []string{"reason=" + s.run + reason}
	if ns != "" {
		labels = append(labels, "namespace="+ns)
	}
	return s.metric(p, "kube_event_occurrences_total", labels...)
}

// sums waits until the shards and the whole have counted both occurrences in
// each namespace so many times, and each namespace is in one shard alone.
func (s *sharded) sums(reason string, times float64) {
	s.t.Helper()
	want := 2 * times * float64(len(s.namespaces))
	s.eventually(fmt.Sprintf("%v of %s are counted", want, reason), func() (bool, error) {
		sum := 0.0
		for _, p := range s.parts {
			sum += s.of(p, reason, "")
		}
		whole := s.of(s.whole, reason, "")
		if sum > want || whole > want {
			s.t.Fatalf("%s: the shards count %v, the whole %v; %v happened", reason, sum, whole, want)
		}
		return sum == want && whole == want, fmt.Errorf("the shards have %v, the whole has %v", sum, whole)
	})
	for _, ns := range s.namespaces {
		in := 0
		for _, p := range s.parts {
			if s.of(p, reason, ns) > 0 {
				in++
			}
		}
		if in != 1 && times > 0 {
			s.t.Errorf("%s of %s is counted by %d shards", reason, ns, in)
		}
	}
}
