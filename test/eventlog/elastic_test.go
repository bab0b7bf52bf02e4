package eventlog

import (
	"encoding/json"
	"errors"
	"strconv"
	"testing"
)

// otelDocument reads a record as the collector's exporter writes it in its mode otel.
func otelDocument(doc []byte) (got, error) {
	var d struct {
		Timestamp  string                `json:"@timestamp"` // milliseconds
		Severity   string                `json:"severity_text"`
		Body       struct{ Text string } `json:"body"`
		Attributes struct {
			ID          string `json:"event.id"`
			Document    string `json:"elasticsearch.document_id"`
			UID         string `json:"k8s.event.uid"`
			Count       int64  `json:"k8s.event.count"`
			Occurrences int64  `json:"occurrences"`
		} `json:"attributes"`
	}
	if err := json.Unmarshal(doc, &d); err != nil {
		return got{}, err
	}
	a := &d.Attributes
	if ms, err := strconv.ParseFloat(d.Timestamp, 64); err != nil || ms < 1e12 || d.Severity != "WARN" || a.ID == "" || a.Document != "" {
		return got{}, errors.New("a document without time, severity or event.id, or with its own id")
	}
	return got{id: a.ID, uid: a.UID, count: a.Count, occurrences: a.Occurrences, body: d.Body.Text}, nil
}

// TestElasticsearchExporter: exporter, OTLP, collector with its exporter for
// Elasticsearch, which refuses some requests as a whole, too. That collector keeps
// nothing: who sends to it does, the exporter in memory, or another collector on its
// disk. All that runs is killed, and each record is one document.
func TestElasticsearchExporter(t *testing.T) {
	for keeper, queue := range map[string]bool{"exporter": false, "collector": true} {
		t.Run("kept by the "+keeper, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t)
			b := newBulk(w, "Elasticsearch")
			b.index, b.parse, b.chokes = "logs-kubernetes_events.otel-default", otelDocument, true
			s := w.serve(b)
			const program = "otelcol-elasticsearch"
			replace := map[string]string{"https://elasticsearch.example.com:9200": s.url()}
			last, at := w.collector(program, "otel-collector-elasticsearch.yaml", replace, "STORE_PASSWORD=secret")
			if queue {
				at = w.startCollector("otel-collector-loki.yaml", map[string]string{"http://loki.example.com:3100/otlp": "http://" + replace["0.0.0.0:4318"]})
				w.killShipper = func() {
					last.Kill()
					last = w.run(program)
					w.running.Kill()
				}
			} else {
				w.shipper, w.running, w.keeps = program, last, true
				w.killShipper = func() { w.running.Kill() }
				at = "http://" + at
			}
			w.startExporter("--event-log.otlp.endpoint=" + at)
			w.happen(150)
			w.odd("poison-1", "poison")
			w.odd("poison-2", "poison")
			// Later it may leave it out: it says the same only so often.
			w.must(last.WaitLog(w.ctx, "document_parsing_exception"))
			w.disturb(s.away, s.back)
			if sum := w.readsBack(b.read); sum.repeats > 0 {
				t.Errorf("%d records are there twice", sum.repeats)
			}
			b.mu.Lock()
			defer b.mu.Unlock()
			t.Logf("in %d requests, of which %d were refused; %d documents were put off, %d were there already, %d refused", b.requests, b.choked, b.busy, b.conflicts, b.refused)
			if b.busy == 0 || b.refused < 2 || b.choked == 0 {
				t.Error("the store was never busy, or refused nothing")
			}
		})
	}
}
