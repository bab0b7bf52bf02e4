package wire

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"strings"
	"testing"
	"testing/iotest"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/apimachinery/pkg/runtime/serializer"
	"k8s.io/apimachinery/pkg/runtime/serializer/streaming"

	"github.com/kubebark/kubebark/exporter/occurrence"
)

// codec encodes as the API server does, with apimachinery's own serializers.
func codec(t testing.TB, mediaType string) (runtime.SerializerInfo, func(runtime.Object) []byte) {
	t.Helper()
	scheme := runtime.NewScheme()
	v1 := schema.GroupVersion{Version: "v1"}
	scheme.AddKnownTypes(v1, &corev1.Event{}, &corev1.EventList{})
	metav1.AddToGroupVersion(scheme, v1)
	cs := serializer.NewCodecFactory(scheme)
	info, ok := runtime.SerializerInfoForMediaType(cs.SupportedMediaTypes(), mediaType)
	if !ok {
		t.Fatalf("no serializer for %s", mediaType)
	}
	enc := cs.EncoderForVersion(info.Serializer, v1)
	return info, func(o runtime.Object) []byte {
		var b bytes.Buffer
		if err := enc.Encode(o, &b); err != nil {
			t.Fatal(err)
		}
		return b.Bytes()
	}
}

// frames encodes a watch as the API server does.
func frames(t testing.TB, mediaType string, events ...metav1.WatchEvent) []byte {
	t.Helper()
	info, encode := codec(t, mediaType)
	var b bytes.Buffer
	enc := streaming.NewEncoder(info.StreamSerializer.NewFrameWriter(&b), info.StreamSerializer.Serializer)
	for i := range events {
		events[i].Object.Raw = encode(events[i].Object.Object)
		events[i].Object.Object = nil
		if err := enc.Encode(&events[i]); err != nil {
			t.Fatal(err)
		}
	}
	return b.Bytes()
}

func event(name, version string, n int32) *corev1.Event {
	return &corev1.Event{ObjectMeta: metav1.ObjectMeta{Name: name, Namespace: "shop", ResourceVersion: version}, Reason: "BackOff", Count: n}
}

func watched(kind string, o runtime.Object) metav1.WatchEvent {
	return metav1.WatchEvent{Type: kind, Object: runtime.RawExtension{Object: o}}
}

var mediaTypes = [...]string{runtime.ContentTypeProtobuf, runtime.ContentTypeJSON}

func TestPage(t *testing.T) {
	for _, mediaType := range mediaTypes {
		t.Run(mediaType, func(t *testing.T) {
			_, encode := codec(t, mediaType)
			body := encode(&corev1.EventList{
				ListMeta: metav1.ListMeta{ResourceVersion: "10", Continue: "p2", RemainingItemCount: new(int64), ShardInfo: &metav1.ShardInfo{Selector: "a shard"}},
				Items:    []corev1.Event{*event("a", "1", 1), *event("b", "2", 7)},
			})
			var d Decoder
			var got []string
			p, err := d.Page(body, func(e *occurrence.Event) {
				got = append(got, fmt.Sprintf("%s/%s=%d@%d", e.Namespace, e.Name, e.Count, e.Version))
			})
			if want := (Page{Version: "10", Continue: "p2", Shard: "a shard", Events: 2}); err != nil || p != want {
				t.Errorf("page %+v, error %v; want %+v", p, err, want)
			}
			if s := strings.Join(got, " "); s != "shop/a=1@1 shop/b=7@2" {
				t.Errorf("got %s", s)
			}
		})
	}
}

func TestFrames(t *testing.T) {
	expired := &metav1.Status{Status: metav1.StatusFailure, Reason: metav1.StatusReasonExpired, Code: 410, Message: "too old"}
	for _, mediaType := range mediaTypes {
		t.Run(mediaType, func(t *testing.T) {
			body := frames(t, mediaType,
				watched("ADDED", event("a", "11", 1)), watched("MODIFIED", event("a", "12", 3)), watched("DELETED", event("a", "13", 3)),
				watched("BOOKMARK", event("", "50", 0)), watched("ERROR", expired))
			var d Decoder
			fs := d.Frames(iotest.OneByteReader(bytes.NewReader(body)))
			var got []string
			for {
				f, err := fs.Next()
				if errors.Is(err, io.EOF) {
					break
				}
				if err != nil {
					t.Fatal(err)
				}
				if f.Event == nil {
					got = append(got, fmt.Sprintf("%s %s %d", f.Type, f.Status.Reason, f.Status.Code))
					continue
				}
				got = append(got, fmt.Sprintf("%s %s=%d@%s", f.Type, f.Event.Name, f.Event.Count, f.Version))
			}
			want := "ADDED a=1@11, MODIFIED a=3@12, DELETED a=3@13, BOOKMARK =1@50, ERROR Expired 410"
			if s := strings.Join(got, ", "); s != want {
				t.Errorf("got  %s\nwant %s", s, want)
			}
		})
	}
}

// TestCut cuts a watch at each byte: the whole frames before it are read, and
// the end tells whether it was between two.
func TestCut(t *testing.T) {
	for _, mediaType := range mediaTypes {
		t.Run(mediaType, func(t *testing.T) {
			one := frames(t, mediaType, watched("ADDED", event("a", "11", 1)))
			body := frames(t, mediaType, watched("ADDED", event("a", "11", 1)), watched("ADDED", event("b", "12", 1)))
			for n := range body {
				var d Decoder
				fs := d.Frames(bytes.NewReader(body[:n]))
				read := 0
				_, err := fs.Next()
				for err == nil {
					read++
					_, err = fs.Next()
				}
				if !errors.Is(err, io.EOF) && !errors.Is(err, io.ErrUnexpectedEOF) {
					t.Fatalf("after %d bytes: %v", n, err)
				}
				if mediaType == runtime.ContentTypeJSON {
					n++ // the newline at a frame's end need not have come
				}
				if want := n / len(one); read != want {
					t.Errorf("after %d bytes of %d: %d frames, want %d", n, len(body), read, want)
				}
			}
		})
	}
}

func TestFaults(t *testing.T) {
	_, asProto := codec(t, runtime.ContentTypeProtobuf)
	_, asJSON := codec(t, runtime.ContentTypeJSON)
	huge := binary.BigEndian.AppendUint32(nil, 1<<30)
	for _, tt := range []struct {
		name string
		read func(d *Decoder) error
		want string
	}{
		{"a page of another kind", page(asProto(event("a", "1", 1))), "read a list of events: want an EventList, have kind \"Event\""},
		{"the same in JSON", page(asJSON(event("a", "1", 1))), "read a list of events: want an EventList, have kind \"Event\""},
		{"a page of a login", page([]byte("<html>")), "read a list of events: want protobuf as Kubernetes has it, which begins with k8s and a zero byte"},
		{"an empty page", page(nil), "read a list of events: want protobuf as Kubernetes has it, which begins with k8s and a zero byte"},
		{"a broken page in JSON", page([]byte(`{"kind":"EventList","items":[{"count":"many"}]}`)), "read a list of events: item 0: json: cannot unmarshal string into Go struct field object.Count of type int32"},
		{"a huge frame", next(huge), "a frame of 1073741824 bytes on the watch; no event is larger than 16777216"},
		{"a frame of nothing", next(binary.BigEndian.AppendUint32(nil, 0)), "read a frame of the watch: want protobuf as Kubernetes has it, which begins with k8s and a zero byte"},
		{"a frame of another kind", next(frames(t, runtime.ContentTypeProtobuf, watched("ADDED", &corev1.EventList{}))), "read a frame of the watch: want an Event or a Status, have kind \"EventList\""},
	} {
		t.Run(tt.name, func(t *testing.T) {
			if err := tt.read(new(Decoder)); err == nil || err.Error() != tt.want {
				t.Errorf("error %v\nwant  %s", err, tt.want)
			}
		})
	}
}

func page(body []byte) func(*Decoder) error {
	return func(d *Decoder) error {
		_, err := d.Page(body, func(*occurrence.Event) {})
		return err
	}
}

func next(body []byte) func(*Decoder) error {
	return func(d *Decoder) error {
		_, err := d.Frames(bytes.NewReader(body)).Next()
		return err
	}
}

// FuzzFrames and FuzzPage see to it that no answer brings the reader down.
func FuzzFrames(f *testing.F) {
	for _, mediaType := range mediaTypes {
		f.Add(frames(f, mediaType, watched("ADDED", event("a", "11", 1)), watched("ERROR", &metav1.Status{Code: 410})))
	}
	f.Fuzz(func(_ *testing.T, data []byte) {
		var d Decoder
		fs := d.Frames(bytes.NewReader(data))
		for {
			if _, err := fs.Next(); err != nil {
				return
			}
		}
	})
}

func FuzzPage(f *testing.F) {
	for _, mediaType := range mediaTypes {
		_, encode := codec(f, mediaType)
		f.Add(encode(&corev1.EventList{Items: []corev1.Event{*event("a", "1", 1)}}))
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		n := 0
		var d Decoder
		p, err := d.Page(data, func(*occurrence.Event) { n++ })
		if err == nil && p.Events != n {
			t.Errorf("page of %d events, %d were handed on", p.Events, n)
		}
	})
}
