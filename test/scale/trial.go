package main

import (
	"context"
	"fmt"
	"math/rand/v2"
	"os"
	"slices"
	"time"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/kubebark/kubebark/test/fakeapi"
	"github.com/kubebark/kubebark/test/testbed"
)

const limit = 10 * time.Minute

// cost is what one shard cost.
type cost struct {
	start, writes time.Duration // processor time
	rss           int64
	tracked       float64
}

// costs are those of all shards.
type costs []cost

func start(c *cost) float64  { return c.start.Seconds() }
func memory(c *cost) float64 { return float64(c.rss) / (1 << 20) }
func events(c *cost) float64 { return c.tracked }

// perWrite is by all writes to the cluster, those of other shards included.
func perWrite(n int) func(*cost) float64 {
	return func(c *cost) float64 { return float64(c.writes.Microseconds()) / float64(n) }
}

// span is from the least to the most of the shards.
func (cs costs) span(format string, of func(*cost) float64) string {
	var all []float64
	for i := range cs {
		all = append(all, of(&cs[i]))
	}
	low, high := fmt.Sprintf(format, slices.Min(all)), fmt.Sprintf(format, slices.Max(all))
	if low == high {
		return low
	}
	return low + " to " + high
}

func (cs costs) sum(of func(*cost) float64) float64 {
	sum := 0.0
	for i := range cs {
		sum += of(&cs[i])
	}
	return sum
}

// load writes events in 200 namespaces.
type load struct {
	store *fakeapi.Store
	rand  *rand.Rand
	live  []*corev1.Event
}

func (l *load) add() error {
	n := len(l.live)
	ns, pod := fmt.Sprintf("team-%03d-shop", n%200), fmt.Sprintf("checkout-7d9c5b8f64-%05x", n)
	now := metav1.NewTime(time.Now().Truncate(time.Second))
	kind, reason := "Normal", "Pulled"
	if n%5 == 0 {
		kind, reason = "Warning", "BackOff"
	}
	e, err := l.store.Create(&corev1.Event{
		ObjectMeta:     metav1.ObjectMeta{Namespace: ns, Name: fmt.Sprintf("%s.%016x", pod, n)},
		InvolvedObject: corev1.ObjectReference{APIVersion: "v1", Kind: "Pod", Namespace: ns, Name: pod, FieldPath: "spec.containers{app}"},
		Type:           kind, Reason: reason, Message: "what is told about the container app of " + pod, Count: 1,
		FirstTimestamp: now, LastTimestamp: now, Source: corev1.EventSource{Component: "kubelet", Host: "node-17"},
	})
	if err == nil {
		l.live = append(l.live, e)
	}
	return err
}

func (l *load) write() error {
	if l.rand.IntN(10) >= 7 {
		return l.add()
	}
	i := l.rand.IntN(len(l.live))
	e := *l.live[i]
	e.Count++
	stored, err := l.store.Update(&e)
	if err == nil {
		l.live[i] = stored
	}
	return err
}

// measure has so many shards start on the load and take the writes.
func measure(ctx context.Context, o *options, shards int, divides bool) (costs, error) {
	ctx, cancel := context.WithTimeout(ctx, limit)
	defer cancel()
	dir, err := os.MkdirTemp("", "scale-")
	if err != nil {
		return nil, err
	}
	defer os.RemoveAll(dir)
	l := &load{store: fakeapi.NewStore(fakeapi.StoreOptions{History: 2 * o.writes}), rand: rand.New(rand.NewPCG(1, 2))} //nolint:gosec // the same load each time
	for range o.events {
		if err := l.add(); err != nil {
			return nil, err
		}
	}
	server, err := fakeapi.Serve(l.store, 0)
	if err != nil {
		return nil, err
	}
	defer server.Close()
	if divides {
		server.Divide()
	}
	var all []*exporter
	defer func() {
		for _, e := range all {
			e.Kill()
		}
	}()
	for i := range shards {
		e, err := run(o, dir, server.URL(), i, shards)
		if err != nil {
			return nil, err
		}
		all = append(all, e)
	}
	return take(ctx, o, server, l, all)
}

// take has the exporters, once they are ready, take the writes.
func take(ctx context.Context, o *options, server *fakeapi.Server, l *load, all []*exporter) (costs, error) {
	out := make(costs, len(all))
	for i, e := range all {
		err := testbed.Poll(ctx, "until a shard is ready", e.ready)
		if err == nil {
			out[i].start, err = e.cpu()
		}
		if err != nil {
			return nil, err
		}
	}
	server.Freeze()
	for range o.writes {
		if err := l.write(); err != nil {
			return nil, err
		}
	}
	server.Thaw()
	err := testbed.Poll(ctx, "until all is counted", func(ctx context.Context) (bool, error) {
		sum := 0.0
		for i, e := range all {
			m, err := e.metrics(ctx)
			if err != nil {
				return false, err
			}
			sum += m[occurrences]
			out[i].tracked = m[tracked]
		}
		return sum == float64(o.writes), fmt.Errorf("%v of %d are", sum, o.writes)
	})
	for i, e := range all {
		var cpu time.Duration
		if err == nil {
			cpu, err = e.cpu()
		}
		if err == nil {
			out[i].writes = cpu - out[i].start
			out[i].rss, err = e.rss()
		}
	}
	return out, err
}
