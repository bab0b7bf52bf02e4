package decode

import (
	"bytes"
	"encoding/json"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"google.golang.org/protobuf/encoding/protowire"
	corev1 "k8s.io/api/core/v1"
	eventsv1 "k8s.io/api/events/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/kubebark/kubebark/exporter/occurrence"
)

// full reads an event as Kubernetes' own types do.
func full(e *corev1.Event) *occurrence.Event {
	text := func(s string) string { return strings.ToValidUTF8(s, "\uFFFD") }
	o := object{
		Metadata: metadata{
			Name: text(e.Name), Namespace: text(e.Namespace), UID: text(string(e.UID)),
			ResourceVersion: text(e.ResourceVersion), CreationTimestamp: e.CreationTimestamp,
		},
		InvolvedObject: reference{
			Kind: text(e.InvolvedObject.Kind), Namespace: text(e.InvolvedObject.Namespace), Name: text(e.InvolvedObject.Name),
			UID: text(string(e.InvolvedObject.UID)), APIVersion: text(e.InvolvedObject.APIVersion), FieldPath: text(e.InvolvedObject.FieldPath),
		},
		Reason: text(e.Reason), Message: text(e.Message),
		Source:         source{Component: text(e.Source.Component), Host: text(e.Source.Host)},
		FirstTimestamp: e.FirstTimestamp, LastTimestamp: e.LastTimestamp, Count: e.Count, Type: text(e.Type),
		EventTime: e.EventTime, Action: text(e.Action),
		ReportingComponent: text(e.ReportingController), ReportingInstance: text(e.ReportingInstance),
	}
	if e.Series != nil {
		o.Series = &series{Count: e.Series.Count, LastObservedTime: e.Series.LastObservedTime}
	}
	var ev occurrence.Event
	o.fill(&ev)
	return &ev
}

// fullV1 is the API server's conversion of an events.k8s.io Event.
func fullV1(e *eventsv1.Event) *occurrence.Event {
	c := &corev1.Event{
		ObjectMeta: e.ObjectMeta, InvolvedObject: e.Regarding, Reason: e.Reason, Message: e.Note,
		Source: e.DeprecatedSource, FirstTimestamp: e.DeprecatedFirstTimestamp, LastTimestamp: e.DeprecatedLastTimestamp,
		Count: e.DeprecatedCount, Type: e.Type, EventTime: e.EventTime, Action: e.Action,
		ReportingController: e.ReportingController, ReportingInstance: e.ReportingInstance,
	}
	if e.Series != nil {
		c.Series = &corev1.EventSeries{Count: e.Series.Count, LastObservedTime: e.Series.LastObservedTime}
	}
	return full(c)
}

func same(t *testing.T, want, got *occurrence.Event) {
	t.Helper()
	if d := cmp.Diff(want, got, cmp.Comparer(func(a, b time.Time) bool { return a.Equal(b) })); d != "" {
		t.Errorf("(-want +got)\n%s", d)
	}
}

func samples(t testing.TB) [][]byte {
	t.Helper()
	data, err := os.ReadFile("testdata/samples.jsonl")
	if err != nil {
		t.Fatal(err)
	}
	return bytes.Split(bytes.TrimSpace(data), []byte("\n"))
}

// protoSamples are events in the API's protobuf, with all that it may hold.
func protoSamples(t testing.TB) [][]byte {
	t.Helper()
	var out [][]byte
	for _, line := range samples(t) {
		var e corev1.Event
		if json.Unmarshal(line, &e) != nil {
			continue
		}
		e.ManagedFields = []metav1.ManagedFieldsEntry{{Manager: "kubelet", FieldsType: "FieldsV1", FieldsV1: metav1.NewFieldsV1(`{"f:count":{}}`)}}
		e.Labels = map[string]string{"a": "b"}
		e.Related = &corev1.ObjectReference{Kind: "Node", Name: "n1"}
		data, err := e.Marshal()
		if err != nil {
			t.Fatal(err)
		}
		out = append(out, data)
	}
	if len(out) < 10 {
		t.Fatalf("%d samples in protobuf", len(out))
	}
	return out
}

func TestProtoReadsWhatKubernetesTypesRead(t *testing.T) {
	var p Proto
	for _, data := range protoSamples(t) {
		var e corev1.Event
		if err := e.Unmarshal(data); err != nil {
			t.Fatal(err)
		}
		var got occurrence.Event
		version, err := p.Event(data, &got)
		if err != nil {
			t.Fatal(err)
		}
		same(t, full(&e), &got)
		if version != e.ResourceVersion {
			t.Errorf("version %q, want %q", version, e.ResourceVersion)
		}
	}
}

func TestProtoFaults(t *testing.T) {
	text := func(n protowire.Number, s string) []byte {
		return protowire.AppendString(protowire.AppendTag(nil, n, protowire.BytesType), s)
	}
	for _, tt := range []struct {
		name string
		in   []byte
		want string
	}{
		{"cut", text(4, "message")[:4], "read an event in protobuf: unexpected EOF"},
		{"a number for a text", protowire.AppendVarint(protowire.AppendTag(nil, 4, protowire.VarintType), 1), "read an event in protobuf: field 4: wire type 0, want 2"},
		{"a number for a shared text", protowire.AppendVarint(protowire.AppendTag(nil, 3, protowire.VarintType), 1), "read an event in protobuf: field 3: wire type 0, want 2"},
		{"broken metadata", text(1, "\x0a\xff"), "read an event in protobuf: field 1: unexpected EOF"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			var p Proto
			if _, err := p.Event(tt.in, new(occurrence.Event)); err == nil || err.Error() != tt.want {
				t.Errorf("error %v, want %s", err, tt.want)
			}
		})
	}
}

// TestProtoShares sees to it that the table of strings is bounded.
func TestProtoShares(t *testing.T) {
	var p Proto
	for i := range maxShared + 10 {
		data, err := (&corev1.Event{Reason: strings.Repeat("x", i%50) + time.Duration(i).String()}).Marshal()
		if err != nil {
			t.Fatal(err)
		}
		if _, err := p.Event(data, new(occurrence.Event)); err != nil {
			t.Fatal(err)
		}
	}
	if n := len(p.shared); n > maxShared {
		t.Errorf("%d strings are kept, want at most %d", n, maxShared)
	}
}

// FuzzProto holds what is read of the used fields against what the full type
// reads. What the full type refuses may be read here: unused fields are passed
// over.
func FuzzProto(f *testing.F) {
	for _, data := range protoSamples(f) {
		f.Add(data)
	}
	var p Proto
	f.Fuzz(func(t *testing.T, data []byte) {
		var e corev1.Event
		want := e.Unmarshal(data)
		var got occurrence.Event
		_, err := p.Event(data, &got)
		if want != nil {
			return
		}
		if err != nil {
			// The full type takes any mark for a group's end, numbers that no field
			// has, and integers of more than 64 bits, which nobody writes.
			for _, s := range []string{"end group", "invalid field number", "integer overflow"} {
				if strings.Contains(err.Error(), s) {
					return
				}
			}
			t.Fatalf("the full type reads it, this does not: %v", err)
		}
		same(t, full(&e), &got)
	})
}

// FuzzJSON does the same for JSON, of both API groups.
func FuzzJSON(f *testing.F) {
	for _, line := range samples(f) {
		f.Add(line)
	}
	f.Add([]byte(`{"apiVersion":"events.k8s.io/v1","kind":"Event","note":"n","regarding":{"name":"a"},"series":{"count":2,"lastObservedTime":"2026-11-24T09:00:00.000001Z"}}`))
	f.Fuzz(func(t *testing.T, data []byte) {
		var env envelope
		if json.Unmarshal(data, &env) != nil || env.Kind != "Event" {
			return
		}
		got, _, err := JSON(data)
		var want *occurrence.Event
		if env.APIVersion == "events.k8s.io/v1" {
			var e eventsv1.Event
			if json.Unmarshal(data, &e) != nil {
				return
			}
			want = fullV1(&e)
		} else {
			var e corev1.Event
			if json.Unmarshal(data, &e) != nil {
				return
			}
			want = full(&e)
		}
		if err != nil {
			t.Fatalf("the full type reads it, this does not: %v", err)
		}
		same(t, want, got)
	})
}

func BenchmarkProto(b *testing.B) {
	data := protoSamples(b)
	b.Run("full", func(b *testing.B) {
		b.ReportAllocs()
		for i := range b.N {
			var e corev1.Event
			if err := e.Unmarshal(data[i%len(data)]); err != nil {
				b.Fatal(err)
			}
			full(&e)
		}
	})
	b.Run("used", func(b *testing.B) {
		b.ReportAllocs()
		var p Proto
		var e occurrence.Event
		for i := range b.N {
			if _, err := p.Event(data[i%len(data)], &e); err != nil {
				b.Fatal(err)
			}
		}
	})
}
