package eventlog

import (
	"compress/gzip"
	"context"
	"io"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"sync"
	"testing"

	collogs "go.opentelemetry.io/proto/slim/otlp/collector/logs/v1"
	common "go.opentelemetry.io/proto/slim/otlp/common/v1"
	"google.golang.org/protobuf/proto"
)

// loki is an endpoint for OTLP as Loki's: it may be away, and there are texts
// that it does not take. Then it takes the others and says no all the same.
type loki struct {
	t     *testing.T
	whole bool // it takes all of a request or nothing, as others do

	mu      sync.Mutex
	away    bool
	records []got
}

func (w *world) startLoki() (*loki, string) {
	l := &loki{t: w.t}
	s := httptest.NewServer(l)
	w.t.Cleanup(s.Close)
	return l, s.URL
}

func (l *loki) set(away bool) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.away = away
}

func (l *loki) read() ([]got, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return append([]got(nil), l.records...), nil
}

func (l *loki) ServeHTTP(rw http.ResponseWriter, r *http.Request) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.away {
		http.Error(rw, "ingester not ready", http.StatusServiceUnavailable)
		return
	}
	if r.URL.Path != "/otlp/v1/logs" {
		l.t.Errorf("a request to %s", r.URL.Path)
	}
	var body io.Reader = r.Body
	if r.Header.Get("Content-Encoding") == "gzip" {
		z, err := gzip.NewReader(r.Body)
		if err != nil {
			l.t.Error(err)
			return
		}
		body = z
	}
	b, err := io.ReadAll(body)
	if err != nil {
		return // whoever sent it was killed
	}
	var req collogs.ExportLogsServiceRequest
	if err := proto.Unmarshal(b, &req); err != nil {
		l.t.Error(err)
		return
	}
	records := protoRecords(&req)
	good := slices.DeleteFunc(slices.Clone(records), func(g got) bool { return strings.Contains(g.body, "poison") })
	if len(good) == len(records) || !l.whole {
		l.records = append(l.records, good...)
	}
	if len(good) < len(records) {
		http.Error(rw, "entry is not to be had", http.StatusBadRequest)
		return
	}
	rw.WriteHeader(http.StatusNoContent)
}

func protoRecords(req *collogs.ExportLogsServiceRequest) []got {
	var all []got
	for _, r := range req.ResourceLogs {
		for _, s := range r.ScopeLogs {
			for _, l := range s.LogRecords {
				attrs := make(map[string]*common.AnyValue)
				for _, kv := range l.Attributes {
					attrs[kv.Key] = kv.Value
				}
				all = append(all, got{
					id: attrs["event.id"].GetStringValue(), uid: attrs["k8s.event.uid"].GetStringValue(), body: l.Body.GetStringValue(),
					count: attrs["k8s.event.count"].GetIntValue(), occurrences: attrs["occurrences"].GetIntValue(),
				})
			}
		}
	}
	return all
}

// TestLoki: exporter, OTLP, collector, and an endpoint for OTLP as Loki has it. It
// refuses a record.
func TestLoki(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	l, url := w.startLoki()
	w.startExporter("--event-log.otlp.endpoint=" + w.startCollector("otel-collector-loki.yaml", map[string]string{"http://loki.example.com:3100": url}))
	w.happen(150)
	w.odd("poison", "poison")
	w.disturb(func() { l.set(true) }, func() { l.set(false) })
	w.readsBack(l.read)
}

// TestStraight: without a collector, by OTLP's HTTP, into the same endpoint. It is
// away for a while, and refuses two records for good: these are counted, and all
// others are there.
func TestStraight(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	l, url := w.startLoki()
	l.whole = true
	w.startExporter("--event-log.otlp.endpoint="+url+"/otlp", "--event-log.otlp.protocol=http/protobuf")
	l.set(true)
	w.happen(150)
	for _, name := range []string{"poison-1", "poison-2"} {
		w.odd(name, "poison")
		w.happen(150)
	}
	w.eventually("failed tries are counted", func() (bool, error) {
		n, err := w.metric("kube_event_exporter_event_log_otlp_send_failures_total")
		return n > 0, err
	})
	l.set(false)
	w.happen(150)
	if sum := w.readsBack(l.read); sum.repeats > 0 {
		t.Errorf("%d records came twice", sum.repeats)
	}
	w.eventually("the refused ones are counted", func() (bool, error) {
		n, err := w.metric(`kube_event_exporter_event_log_otlp_dropped_total{cause="refused"}`)
		return n == 2, err
	})
	w.must(w.exporter.WaitLog(context.Background(), "records of the event log were refused and are dropped"))
}
