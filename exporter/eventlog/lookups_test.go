package eventlog

import (
	"bytes"
	"context"
	"fmt"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/go-kit/log"
	"github.com/prometheus/client_golang/prometheus"
	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/runtime/serializer"
	"k8s.io/client-go/rest"

	"github.com/kubebark/kubebark/exporter/eventlog/record"
	"github.com/kubebark/kubebark/exporter/lookup"
	"github.com/kubebark/kubebark/exporter/occurrence"
)

// cluster is an API server that has every pod but what is named otherwise: each
// of a Deployment of two owners, on one node.
type cluster struct {
	takes    time.Duration // each answer
	requests atomic.Int64
}

// RoundTrip implements [http.RoundTripper], without a network.
func (c *cluster) RoundTrip(r *http.Request) (*http.Response, error) {
	c.requests.Add(1)
	name := r.URL.Path[strings.LastIndexByte(r.URL.Path, '/')+1:]
	wait := c.takes
	if strings.HasPrefix(name, "hung") {
		wait = time.Hour
	}
	select {
	case <-r.Context().Done():
		return nil, r.Context().Err()
	case <-time.After(wait):
	}
	w := httptest.NewRecorder()
	w.Header().Set("Content-Type", "application/json")
	switch {
	case strings.HasPrefix(name, "gone"):
		w.WriteHeader(http.StatusNotFound)
	case strings.Contains(r.URL.Path, "/secret/"):
		w.WriteHeader(http.StatusForbidden)
	case strings.Contains(r.URL.Path, "/pods/"):
		fmt.Fprint(w, `{"metadata":{"labels":{"app":"cart","other":"x"},"annotations":{"team":"a","other":"x"},`+
			`"ownerReferences":[{"apiVersion":"apps/v1","kind":"ReplicaSet","name":"cart-7dc","controller":true}]},`+
			`"spec":{"nodeName":"n1","containers":[{"name":"app","image":"lab/app:1"}]},"status":{"podIP":"10.0.0.7","hostIP":"192.0.2.7"}}`)
	case strings.Contains(r.URL.Path, "/replicasets/"):
		fmt.Fprint(w, `{"metadata":{"ownerReferences":[{"apiVersion":"apps/v1","kind":"Deployment","name":"cart","controller":true}]}}`)
	default:
		fmt.Fprint(w, `{"metadata":{"labels":{"topology.kubernetes.io/zone":"eu-1a"}}}`)
	}
	return w.Result(), nil
}

// client returns a client of the cluster.
func (c *cluster) client(t testing.TB) rest.Interface {
	t.Helper()
	rc, err := rest.RESTClientForConfigAndClient(&rest.Config{Host: "http://127.0.0.1", QPS: -1, APIPath: "/api", ContentConfig: rest.ContentConfig{
		GroupVersion: &corev1.SchemeGroupVersion, ContentType: runtime.ContentTypeProtobuf,
		NegotiatedSerializer: serializer.NewCodecFactory(runtime.NewScheme()).WithoutConversion(),
	}}, &http.Client{Transport: c})
	if err != nil {
		t.Fatal(err)
	}
	return rc
}

func everything(qps int) Enrichment {
	e := DefaultConfig().Enrichment
	e.Labels, e.Annotations, e.Owners, e.Pod, e.Zone, e.QPS, e.Burst = []string{"app"}, []string{"team"}, true, true, true, qps, qps
	return e
}

// TestLookupFaults has a row for each way in which a look-up fails: the record
// goes out in time, says so, and has what could be learned.
func TestLookupFaults(t *testing.T) {
	for _, tt := range []struct {
		kind, namespace, name string
		want                  Outcome
		within                time.Duration
		deployment            string
	}{
		{"Pod", "shop", "cart-0", Complete, time.Second, "cart"},
		{"Pod", "shop", "gone-0", Gone, time.Second, ""},
		{"Pod", "secret", "cart-0", Forbidden, time.Second, ""},
		{"Pod", "shop", "hung-0", Late, 3 * time.Second, ""},
		{"Widget", "shop", "w", Unknown, time.Second, ""},
	} {
		t.Run(string(tt.want), func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				c, d := &cluster{takes: 5 * time.Millisecond}, new(disk)
				f := open(t, "-", func(o *Options) {
					o.Config.Enrichment = everything(100)
					o.Enricher = Lookups(c.client(t), log.NewNopLogger(), lookup.NewLogMetrics(prometheus.NewRegistry()))
				})
				f.lines.out = d
				f.run()
				o := event("a", 1)
				o.Object = occurrence.Object{APIVersion: "v1", Kind: tt.kind, Namespace: tt.namespace, Name: tt.name}
				f.Observe(o)
				time.Sleep(tt.within)
				synctest.Wait()
				rs := parse(t, d.written())
				if len(rs) != 1 || rs[0].Enriched != string(tt.want) || rs[0].Deployment != tt.deployment {
					t.Fatalf("records %+v", rs)
				}
				labels := bytes.Contains(d.written(), []byte(`"k8s.pod.label.app":"cart","k8s.pod.annotation.team":"a"`))
				if labels != (tt.want == Complete) || bytes.Contains(d.written(), []byte(`.other"`)) {
					t.Errorf("line %s", d.written())
				}
			})
		})
	}
}

// each asks anew for each record, as one without a memory does.
type each struct {
	make func(*Enrichment) (Enricher, error)
	want Enrichment
}

func (e each) Enrich(ctx context.Context, o *occurrence.Object, r *record.Record) Outcome {
	l, err := e.make(&e.want)
	if err != nil {
		return Failed
	}
	return l.Enrich(ctx, o, r)
}

// arrivals is an output that notes how long each record was under way.
type arrivals struct {
	mu    sync.Mutex
	waits []time.Duration
}

func (a *arrivals) write(lines []byte, _ *Rotation) (int, error) {
	now := time.Now()
	a.mu.Lock()
	defer a.mu.Unlock()
	for line := range bytes.Lines(lines) {
		r, err := record.Parse(line)
		if err != nil {
			return 0, err
		}
		a.waits = append(a.waits, now.Sub(r.ObservedTimestamp))
	}
	return len(lines), nil
}

func (a *arrivals) sync() error  { return nil }
func (a *arrivals) close() error { return nil }

// BenchmarkEnrichment is what enrichment costs beside none at all, and beside a
// look-up for each event: requests to an API server that answers in 5 ms, and
// how long a record is under way, at 200 events a second of 100 pods.
func BenchmarkEnrichment(b *testing.B) {
	for _, name := range []string{"none", "remembered", "each event"} {
		b.Run(name, func(b *testing.B) {
			c := &cluster{takes: 5 * time.Millisecond}
			with := Lookups(c.client(b), log.NewNopLogger(), lookup.NewLogMetrics(prometheus.NewRegistry()))
			s := Settings{Config: DefaultConfig()}
			if name != "none" {
				s.Config.Enrichment, s.Enricher = everything(1_000_000), with
			}
			if name == "each event" {
				s.Enricher = func(e *Enrichment) (Enricher, error) { return each{with, *e}, nil }
			}
			l, err := New(Options{Path: "-", Logger: log.NewNopLogger(), Registerer: prometheus.NewRegistry(), Settings: s})
			if err != nil {
				b.Fatal(err)
			}
			out := new(arrivals)
			l.lines.out = out
			ctx, cancel := context.WithCancel(b.Context())
			done := make(chan error)
			go func() { done <- l.Run(ctx) }()
			tick := time.NewTicker(5 * time.Millisecond)
			defer tick.Stop()
			n := 0
			for b.Loop() {
				<-tick.C
				o := event("a", int64(n))
				o.Object = occurrence.Object{APIVersion: "v1", Kind: "Pod", Namespace: "shop", Name: fmt.Sprintf("cart-%d", n%100)}
				l.Observe(o)
				n++
			}
			l.Settle()
			cancel()
			if err := <-done; err != nil {
				b.Error(err)
			}
			slices.Sort(out.waits)
			if len(out.waits) != n {
				b.Errorf("%d records of %d", len(out.waits), n)
			}
			b.ReportMetric(float64(c.requests.Load())/float64(n), "requests/record")
			b.ReportMetric(out.waits[n/2].Seconds()*1000, "p50-ms")
			b.ReportMetric(out.waits[n*99/100].Seconds()*1000, "p99-ms")
		})
	}
}
