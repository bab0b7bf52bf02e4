package eventlog

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"github.com/kubebark/kubebark/test/testbed"
)

// bulk is the part of Elasticsearch, or of OpenSearch, that takes documents: its
// bulk API, as its manual has it. It has no room for some documents at first, and
// there are texts that it does not take.
type bulk struct {
	w       *world
	product string
	index   string
	parse   func(doc []byte) (got, error)
	chokes  bool // it has no memory for some requests

	mu        sync.Mutex
	docs      map[string]got // by id
	asked     map[string]int // how often a document came, by event.id
	requests  int
	busy      int // items that it had no room for at first
	conflicts int // documents that were there
	refused   int
	choked    int // requests
}

func newBulk(w *world, product string) *bulk {
	return &bulk{w: w, product: product, index: "kubernetes-events", parse: document, docs: make(map[string]got), asked: make(map[string]int)}
}

func (b *bulk) read() ([]got, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	var all []got
	for _, g := range b.docs {
		all = append(all, g)
	}
	return all, nil
}

// ServeHTTP implements [http.Handler].
func (b *bulk) ServeHTTP(rw http.ResponseWriter, r *http.Request) {
	if b.product == "Elasticsearch" {
		rw.Header().Set("X-Elastic-Product", b.product)
	}
	if user, password, ok := r.BasicAuth(); !ok || user != "events" || password != "secret" {
		b.w.t.Errorf("%s %s comes as %q", r.Method, r.URL, user)
		reply(rw, http.StatusUnauthorized, map[string]any{"error": fault("security_exception", "who is it?"), "status": 401})
		return
	}
	switch {
	case r.URL.Path == "/_cat/health":
		_, _ = io.WriteString(rw, "1795000000 12:00:00 lab green 1 1\n")
	case r.URL.Path == "/_bulk" && r.Method == http.MethodPost:
		b.bulk(rw, r)
	default:
		b.w.t.Errorf("a request for %s %s", r.Method, r.URL)
		reply(rw, http.StatusNotFound, map[string]any{"error": fault("resource_not_found_exception", r.URL.Path), "status": 404})
	}
}

func reply(rw http.ResponseWriter, status int, v any) {
	rw.Header().Set("Content-Type", "application/json")
	rw.WriteHeader(status)
	_ = json.NewEncoder(rw).Encode(v)
}

func fault(kind, reason string) map[string]any { return map[string]any{"type": kind, "reason": reason} }

// bulk takes lines in pairs: what to do, and a document.
func (b *bulk) bulk(rw http.ResponseWriter, r *http.Request) {
	lines, ok := body(r)
	if !ok {
		return
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	b.requests++
	if kind := r.Header.Get("Content-Type"); !strings.Contains(kind, "ndjson") && !strings.Contains(kind, "json") {
		b.w.t.Errorf("a bulk request of type %q", kind)
	}
	if !bytes.HasSuffix(lines, []byte("\n")) {
		b.w.t.Error("a bulk request does not end with a newline")
		reply(rw, http.StatusBadRequest, map[string]any{"error": fault("illegal_argument_exception", "The bulk request must be terminated by a newline [\\n]"), "status": 400})
		return
	}
	if stream := r.URL.Query().Get("require_data_stream") == "true"; stream != strings.HasPrefix(b.index, "logs-") {
		b.w.t.Errorf("a data stream is required of %s: %t", b.index, stream)
	}
	// Four in a row, which is more than a client tries again by itself.
	if b.chokes && b.requests%16 >= 12 {
		b.choked++
		reply(rw, http.StatusTooManyRequests, map[string]any{"error": fault("circuit_breaking_exception", "[parent] Data too large"), "status": 429})
		return
	}
	items, errs := []any{}, false
	all := bytes.Split(bytes.TrimSuffix(lines, []byte("\n")), []byte("\n"))
	for ; len(all) > 1; all = all[2:] {
		action, result, err := b.item(all[0], all[1])
		if err != nil {
			b.w.t.Errorf("%v in %.300q %.300q", err, all[0], all[1])
			reply(rw, http.StatusBadRequest, map[string]any{"error": fault("x_content_parse_exception", err.Error()), "status": 400})
			return
		}
		errs = errs || result["error"] != nil
		items = append(items, map[string]any{action: result})
	}
	answer := map[string]any{"took": 1, "errors": errs, "items": items}
	if only := r.URL.Query().Get("filter_path"); only != "" {
		answer = b.filter(answer, only)
	}
	reply(rw, http.StatusOK, answer)
}

// filter leaves of an answer what a client asks for: what has become of each document.
func (b *bulk) filter(answer map[string]any, only string) map[string]any {
	if only != "items.*._index,items.*.status,items.*.error.type,items.*.error.reason" {
		b.w.t.Errorf("a bulk request asks for %s alone", only)
	}
	for _, item := range answer["items"].([]any) {
		for _, result := range item.(map[string]any) {
			maps.DeleteFunc(result.(map[string]any), func(name string, _ any) bool {
				return name != "_index" && name != "status" && name != "error"
			})
		}
	}
	return map[string]any{"items": answer["items"]}
}

// item does what one pair of lines says.
func (b *bulk) item(what, doc []byte) (string, map[string]any, error) {
	var actions map[string]struct {
		Index string `json:"_index"`
		ID    string `json:"_id"`
	}
	if err := json.Unmarshal(what, &actions); err != nil {
		return "", nil, err
	}
	if len(actions) != 1 {
		return "", nil, errors.New("want one action")
	}
	for action, a := range actions {
		if action != "create" || a.Index != b.index || a.ID == "" {
			return "", nil, fmt.Errorf("the action %q on %q of %q", action, a.ID, a.Index)
		}
		g, err := b.parse(doc)
		if err != nil {
			return "", nil, err
		}
		if a.ID != g.id {
			return "", nil, fmt.Errorf("the id %q of %+v", a.ID, g)
		}
		status, cause := b.store(&g)
		result := map[string]any{"_index": a.Index, "_id": a.ID, "status": status}
		if cause != nil {
			result["error"] = cause
		} else {
			result["result"], result["_version"] = "created", 1
		}
		return action, result, nil
	}
	return "", nil, nil
}

// store puts a document where there is none of its id.
func (b *bulk) store(g *got) (int, map[string]any) {
	b.asked[g.id]++
	switch _, there := b.docs[g.id]; {
	case strings.Contains(g.body, "poison"):
		b.refused++
		return http.StatusBadRequest, fault("document_parsing_exception", "failed to parse field")
	case b.asked[g.id] == 1 && len(b.asked)%10 == 0:
		b.busy++
		return http.StatusTooManyRequests, fault("es_rejected_execution_exception", "rejected execution of primary operation")
	case there:
		b.conflicts++
		return http.StatusConflict, fault("version_conflict_engine_exception", "document already exists")
	}
	b.docs[g.id] = *g
	return http.StatusCreated, nil
}

// document reads a line of the event log.
func document(doc []byte) (got, error) {
	var d struct {
		Timestamp   string `json:"timestamp"`
		ID          string `json:"event.id"`
		UID         string `json:"k8s.event.uid"`
		Count       int64  `json:"k8s.event.count"`
		Occurrences int64  `json:"occurrences"`
		Body        string `json:"body"`
	}
	if err := json.Unmarshal(doc, &d); err != nil {
		return got{}, err
	}
	if d.Timestamp == "" || d.ID == "" {
		return got{}, errors.New("a document without a time or an event.id")
	}
	return got{id: d.ID, uid: d.UID, count: d.Count, occurrences: d.Occurrences, body: d.Body}, nil
}

// TestElasticsearch: the file, rsyslog, Elasticsearch or OpenSearch, where a record
// that is sent twice is one document. rsyslog is left alone: what it has
// read and has in memory may be lost where it ends.
func TestElasticsearch(t *testing.T) {
	for _, product := range []string{"Elasticsearch", "OpenSearch"} {
		t.Run(product, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t)
			b := newBulk(w, product)
			s := w.serve(b)
			w.startRsyslog(map[string]string{"https://elasticsearch.example.com:9200": s.url()})
			w.startExporter("--event-log.file=" + filepath.Join(w.dir, "events.jsonl"))
			w.happen(150)
			w.odd("poison-1", "poison")
			w.odd("poison-2", "poison")
			w.disturb(s.away, s.back)
			if sum := w.readsBack(b.read); sum.repeats > 0 {
				t.Errorf("%d records are there twice", sum.repeats)
			}
			b.mu.Lock()
			defer b.mu.Unlock()
			t.Logf("in %d requests; %d documents were put off, %d were there already, %d refused", b.requests, b.busy, b.conflicts, b.refused)
			if b.busy == 0 || b.refused < 2 {
				t.Error("the store was never busy, or refused nothing")
			}
			w.eventually("what is refused is told", func() (bool, error) {
				refused, err := os.ReadFile(filepath.Join(w.dir, "rsyslog", "refused"))
				return strings.Count(string(refused), "document_parsing_exception") >= 2, err
			})
		})
	}
}

// startRsyslog starts rsyslog with the shipped configuration.
func (w *world) startRsyslog(replace map[string]string) {
	w.t.Helper()
	path, err := testbed.Binary("", "rsyslogd")
	if err != nil {
		w.t.Skip("needs Debian's rsyslog, which `make shippers` brings where apt is at hand")
	}
	replace["/var/log/events"], replace["/var/lib/rsyslog"], replace["PASSWORD"] = w.dir, filepath.Join(w.dir, "rsyslog"), "secret"
	w.must(os.Mkdir(filepath.Join(w.dir, "rsyslog"), 0o700))
	config := w.example("rsyslog.conf", replace)
	w.shipper = "rsyslogd"
	w.again[w.shipper] = testbed.Command{Name: w.shipper, Path: path, Dir: w.dir, Args: []string{"-n", "-C", "-f", config, "-i", filepath.Join(w.dir, "rsyslog.pid")}}
	w.running = w.run(w.shipper)
}
