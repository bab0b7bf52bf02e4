package fakeapi

import (
	"bytes"
	"fmt"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/runtime/serializer"
	"k8s.io/apimachinery/pkg/runtime/serializer/streaming"
	"k8s.io/apimachinery/pkg/watch"
)

// apimachinery returns Kubernetes' own serializer of an encoding.
func apimachinery(t *testing.T, e encoding) runtime.SerializerInfo {
	t.Helper()
	scheme := runtime.NewScheme()
	if err := corev1.AddToScheme(scheme); err != nil {
		t.Fatal(err)
	}
	info, ok := runtime.SerializerInfoForMediaType(serializer.NewCodecFactory(scheme).SupportedMediaTypes(), e.mediaType(false))
	if !ok {
		t.Fatal("no serializer")
	}
	return info
}

func sample(name string) *corev1.Event {
	return &corev1.Event{
		ObjectMeta:     metav1.ObjectMeta{Namespace: "shop", Name: name, Annotations: map[string]string{"a": "b"}},
		InvolvedObject: corev1.ObjectReference{Kind: "Pod", Namespace: "shop", Name: "cart"},
		Type:           "Warning", Reason: "BackOff", Message: `back-off "5m" <&>` + "\n", Count: 7,
		FirstTimestamp: metav1.NewTime(time.Unix(1_790_000_000, 0).UTC()),
		EventTime:      metav1.NewMicroTime(time.Unix(1_790_000_000, 123456000).UTC()),
	}
}

func filled(t *testing.T, n int) *Store {
	t.Helper()
	s := NewStore(StoreOptions{})
	for i := range n {
		if _, err := s.Create(sample(fmt.Sprintf("e%02d", i))); err != nil {
			t.Fatal(err)
		}
	}
	return s
}

// TestEncodings holds what is put together from parts against what Kubernetes
// encodes as a whole.
func TestEncodings(t *testing.T) {
	s := filled(t, 3)
	l, err := s.list("", nil, "", 0, 2, 0)
	if err != nil {
		t.Fatal(err)
	}
	left := int64(1)
	meta := metav1.ListMeta{ResourceVersion: "103", Continue: "x", RemainingItemCount: &left}
	want := &corev1.EventList{TypeMeta: metav1.TypeMeta{Kind: "EventList", APIVersion: "v1"}, ListMeta: meta}
	for _, o := range l.objects {
		want.Items = append(want.Items, *o.event)
	}
	for name, e := range map[string]encoding{"protobuf": asProtobuf, "JSON": asJSON} {
		t.Run(name, func(t *testing.T) {
			info := apimachinery(t, e)
			got, err := e.encodeList(meta, l.objects)
			if err != nil {
				t.Fatal(err)
			}
			var buf bytes.Buffer
			if err := info.Serializer.Encode(want, &buf); err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(bytes.TrimSpace(buf.Bytes()), bytes.TrimSpace(got)); diff != "" {
				t.Errorf("list (-want +got):\n%s", diff)
			}
			testFrame(t, e, info, s.log[1])
		})
	}
}

func testFrame(t *testing.T, e encoding, info runtime.SerializerInfo, c *change) {
	t.Helper()
	got, err := c.frame(e)
	if err != nil {
		t.Fatal(err)
	}
	ev := c.now.event.DeepCopy()
	ev.Kind, ev.APIVersion = "Event", "v1"
	var object, frame bytes.Buffer
	if err := info.Serializer.Encode(ev, &object); err != nil {
		t.Fatal(err)
	}
	w := streaming.NewEncoder(info.StreamSerializer.NewFrameWriter(&frame), info.StreamSerializer.Serializer)
	err = w.Encode(&metav1.WatchEvent{Type: string(watch.Added), Object: runtime.RawExtension{Raw: object.Bytes()}})
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(bytes.TrimSpace(frame.Bytes()), bytes.TrimSpace(got)); diff != "" {
		t.Errorf("frame (-want +got):\n%s", diff)
	}
}
