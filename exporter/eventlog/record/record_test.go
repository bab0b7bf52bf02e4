package record

import (
	"bytes"
	"encoding/json"
	"flag"
	"fmt"
	"os"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/santhosh-tekuri/jsonschema/v6"

	"github.com/kubebark/kubebark/exporter/occurrence"
	"github.com/kubebark/kubebark/internal/conf/reference/reftest"
)

var update = flag.Bool("update", false, "write the golden files anew")

const (
	schemaFile = "../../../docs/schema/event-log.json"
	manual     = "../../../docs/event-log-record.md"
)

// samples are one of each shape that a record has.
func samples() []*Record {
	t := time.Date(2026, 11, 3, 9, 15, 0, 250e6, time.FixedZone("CET", 3600))
	full := Of(&occurrence.Occurrence{
		Event: occurrence.Event{
			Namespace: "shop", Name: "cart-7dc45b778d-x2x4q.18a1", UID: "e-1", Version: 4711,
			Type: "Warning", Reason: "BackOff", Action: "Restarting", Message: "Back-off restarting failed container <app>\nof the pod",
			Object: occurrence.Object{
				APIVersion: "v1", Kind: "Pod", Namespace: "shop", Name: "cart-7dc45b778d-x2x4q", UID: "p-1",
				FieldPath: "spec.containers{app}",
			},
			Component: "kubelet", Instance: "n1", Host: "n1", Count: 7, Counted: true,
			Created: t.Add(-time.Minute), First: t.Add(-time.Minute), Last: t,
		},
		New: 3, At: t, Origin: occurrence.Watched,
	}, t.Add(time.Second))
	full.Cluster, full.External = "prod-eu", map[string]string{"tier": "1"}
	full.Rule, full.Fingerprint = "builtin/crash-loop", "0123456789abcdef"
	full.Enriched, full.PodIP, full.HostIPs, full.Zone = "complete", "10.0.0.7", []string{"192.0.2.7"}, "eu-1a"
	full.Image = ImageOf("registry:5000/shop/app:1@sha256:" + strings.Repeat("5e", 32))
	full.Node = "n1"
	full.Own([]Owner{{"ReplicaSet", "cart-7dc45b778d", "r-1"}, {"Deployment", "cart", "d-1"}})
	full.Labels = map[string]string{"app.kubernetes.io/name": "cart", "app": "cart"}
	full.Annotations = map[string]string{"team": "payments"}
	bare := Of(&occurrence.Occurrence{Event: occurrence.Event{Count: 1}, New: 1, At: t, Origin: occurrence.Listed, Inexact: true}, t)
	series := Of(&occurrence.Occurrence{
		Event: occurrence.Event{
			Namespace: "default", Name: "n1.18a1", UID: "e-2", Version: 5, Type: "Normal", Reason: "Rebooted",
			Message: "bad \xff byte", Object: occurrence.Object{Kind: "Node", Name: "n1"}, Count: 2, Counted: true, SeriesRecorder: true, Last: t,
		}, New: 2, At: t, Origin: occurrence.Replayed,
	}, t)
	series.Enriched = "gone"
	return []*Record{full, bare, series}
}

func lines(t *testing.T, rs ...*Record) []byte {
	t.Helper()
	var b bytes.Buffer
	for _, r := range rs {
		if err := r.Append(&b); err != nil {
			t.Fatal(err)
		}
	}
	return b.Bytes()
}

// TestLines holds what the lines look like.
func TestLines(t *testing.T) {
	reftest.File(t, "testdata/lines.jsonl", lines(t, samples()...), *update)
}

// TestRoundTrip reads lines back: the event is the one that was written.
func TestRoundTrip(t *testing.T) {
	for _, want := range samples() {
		got, err := Parse(lines(t, want))
		if err != nil {
			t.Fatal(err)
		}
		e := want.Event()
		e.Message = strings.ToValidUTF8(e.Message, "�")
		if d := cmp.Diff(e, got.Event()); d != "" {
			t.Errorf("(-want +got)\n%s", d)
		}
		if got.ID != want.ID || got.Occurrences != want.Occurrences || got.Fingerprint != want.Fingerprint {
			t.Errorf("read %+v", got)
		}
	}
	if _, err := Parse([]byte(`{"kind":"Event"}`)); err == nil {
		t.Error("an Event is no line of the log")
	}
}

// TestID: the same change has the same, another has another.
func TestID(t *testing.T) {
	e := occurrence.Event{Namespace: "a", Name: "b", UID: "c", Version: 1, Count: 1}
	ids := map[string]string{}
	for name, change := range map[string]func(*occurrence.Event){
		"none":      func(*occurrence.Event) {},
		"version":   func(e *occurrence.Event) { e.Version = 2 },
		"uid":       func(e *occurrence.Event) { e.UID = "d" },
		"namespace": func(e *occurrence.Event) { e.Namespace = "ab"; e.Name = "" },
		"file":      func(e *occurrence.Event) { e.Version = 0 },
		"count":     func(e *occurrence.Event) { e.Version = 0; e.Count = 2 },
		"time":      func(e *occurrence.Event) { e.Version = 0; e.Last = time.Unix(7, 0) },
	} {
		c := e
		change(&c)
		got := id(&c)
		if before, ok := ids[got]; ok || len(got) != 32 {
			t.Errorf("%s and %s have the id %s", name, before, got)
		}
		ids[got] = name
	}
	again := e
	again.Message = "another"
	if id(&again) != id(&e) {
		t.Error("the same change has another id")
	}
}

// TestSchema fails when the schema or the manual is stale, and holds the lines
// against the schema.
func TestSchema(t *testing.T) {
	reftest.File(t, schemaFile, schema(t), *update)
	reftest.Blocks(t, manual, map[string]string{"fields of the event log": table()}, *update)
	c := jsonschema.NewCompiler()
	doc, err := jsonschema.UnmarshalJSON(bytes.NewReader(schema(t)))
	if err != nil {
		t.Fatal(err)
	}
	if err := c.AddResource("event-log.json", doc); err != nil {
		t.Fatal(err)
	}
	s, err := c.Compile("event-log.json")
	if err != nil {
		t.Fatal(err)
	}
	for line := range bytes.Lines(lines(t, samples()...)) {
		v, err := jsonschema.UnmarshalJSON(bytes.NewReader(line))
		if err != nil {
			t.Fatal(err)
		}
		if err := s.Validate(v); err != nil {
			t.Errorf("%s: %v", line, err)
		}
	}
	if v := map[string]any{"event.id": "x"}; s.Validate(v) == nil {
		t.Error("the schema takes anything")
	}
}

// fields walks the fields of a record.
func fields(typ reflect.Type, f func(name, doc string, typ reflect.Type, required bool)) {
	for sf := range typ.Fields() {
		if sf.Anonymous {
			fields(sf.Type, f)
			continue
		}
		name, opts, _ := strings.Cut(sf.Tag.Get("json"), ",")
		if name != "-" {
			f(name, sf.Tag.Get("doc"), sf.Type, !strings.Contains(opts, "omit"))
		}
	}
}

func kind(typ reflect.Type) map[string]any {
	switch {
	case typ == reflect.TypeFor[time.Time]():
		return map[string]any{"type": "string", "format": "date-time"}
	case typ.Kind() == reflect.String:
		return map[string]any{"type": "string"}
	case typ.Kind() == reflect.Bool:
		return map[string]any{"type": "boolean"}
	case typ.Kind() == reflect.Map:
		return map[string]any{"type": "object", "additionalProperties": map[string]any{"type": "string"}}
	case typ == reflect.TypeFor[[]string]():
		return map[string]any{"type": "array", "items": map[string]any{"type": "string"}}
	case typ.Kind() == reflect.Slice:
		return map[string]any{"type": "array", "items": object(typ.Elem())}
	}
	return map[string]any{"type": "integer", "minimum": 0}
}

func object(typ reflect.Type) map[string]any {
	props, required := map[string]any{}, []string{}
	fields(typ, func(name, doc string, typ reflect.Type, must bool) {
		k := kind(typ)
		if doc != "" {
			k["description"] = doc
		}
		props[name] = k
		if must {
			required = append(required, name)
		}
	})
	return map[string]any{"type": "object", "properties": props, "required": required, "additionalProperties": false}
}

func schema(t *testing.T) []byte {
	t.Helper()
	s := object(reflect.TypeFor[Record]())
	s["$schema"] = "https://json-schema.org/draft/2020-12/schema"
	s["title"] = "A line of the event log of kube-event-exporter"
	s["patternProperties"] = map[string]any{`^k8s\.[a-z0-9]*\.(label|annotation)\.`: map[string]any{
		"type": "string", "description": "a label or an annotation of the object, by its kind: k8s.pod.label.app",
	}}
	b, err := json.MarshalIndent(s, "", "  ")
	if err != nil {
		t.Fatal(err)
	}
	return append(b, '\n')
}

func table() string {
	var b strings.Builder
	b.WriteString("| field | always | meaning |\n| --- | --- | --- |\n")
	fields(reflect.TypeFor[Record](), func(name, doc string, _ reflect.Type, must bool) {
		always := ""
		if must {
			always = "yes"
		}
		fmt.Fprintf(&b, "| `%s` | %s | %s |\n", name, always, doc)
	})
	b.WriteString("| `k8s.<kind>.label.<name>`, `k8s.<kind>.annotation.<name>` | | a label or an annotation of the object: `k8s.pod.label.app` |\n")
	return b.String()
}

func FuzzParse(f *testing.F) {
	data, err := os.ReadFile("testdata/lines.jsonl")
	if err != nil {
		f.Fatal(err)
	}
	for line := range bytes.Lines(data) {
		f.Add(line)
	}
	f.Fuzz(func(t *testing.T, line []byte) {
		r, err := Parse(line)
		if err != nil {
			return
		}
		if e := r.Event(); e.Count < 1 {
			t.Errorf("an event with %d occurrences", e.Count)
		}
		var b bytes.Buffer
		if err := r.Append(&b); err != nil && !strings.Contains(err.Error(), "year") {
			t.Error(err)
		}
	})
}
