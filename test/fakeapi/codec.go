package fakeapi

import (
	"bytes"
	"encoding/binary"
	"encoding/json"
	"net/http"
	"strings"
	"sync"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/watch"
)

// encoding is one in which the server answers.
type encoding int

const (
	asProtobuf encoding = iota
	asJSON
	encodings int = iota
)

// protobufMagic is what a protobuf answer and each object in a protobuf stream
// begins with.
const protobufMagic = "k8s\x00"

// accepted returns the first encoding of ours that a request accepts.
func accepted(r *http.Request) encoding {
	for part := range strings.SplitSeq(strings.Join(r.Header.Values("Accept"), ","), ",") {
		media, params, _ := strings.Cut(strings.TrimSpace(part), ";")
		switch {
		case strings.Contains(params, "as="):
			continue // tables and the like are not ours
		case media == runtime.ContentTypeProtobuf:
			return asProtobuf
		case media == runtime.ContentTypeJSON:
			return asJSON
		}
	}
	return asJSON
}

func (e encoding) mediaType(stream bool) string {
	if e == asJSON {
		return runtime.ContentTypeJSON
	}
	if stream {
		return runtime.ContentTypeProtobuf + ";stream=watch"
	}
	return runtime.ContentTypeProtobuf
}

// marshaler is what the API's types are.
type marshaler interface {
	Marshal() ([]byte, error)
}

// encode encodes an object with its kind.
func (e encoding) encode(kind string, o marshaler) ([]byte, error) {
	if e == asJSON {
		return withKind(kind, o)
	}
	raw, err := o.Marshal()
	if err != nil {
		return nil, err
	}
	return envelope(kind, raw)
}

// withKind encodes an object in JSON, its kind first, as the API server does.
func withKind(kind string, o any) ([]byte, error) {
	data, err := json.Marshal(o)
	if err != nil {
		return nil, err
	}
	head := `{"kind":"` + kind + `","apiVersion":"v1",`
	if bytes.HasPrefix(data, []byte(`{"kind"`)) {
		return data, nil
	}
	return append([]byte(head), data[1:]...), nil
}

// envelope puts an object that is in protobuf into the form in which it
// travels: with its kind, behind the magic number.
func envelope(kind string, raw []byte) ([]byte, error) {
	u := runtime.Unknown{TypeMeta: runtime.TypeMeta{APIVersion: "v1", Kind: kind}, Raw: raw}
	data := make([]byte, len(protobufMagic)+u.Size())
	copy(data, protobufMagic)
	_, err := u.MarshalTo(data[len(protobufMagic):])
	return data, err
}

// Fields of EventList in protobuf, with the type of bytes.
const (
	listMetaField = 1<<3 | 2
	itemsField    = 2<<3 | 2
)

// encodeList encodes a list of events from their encoded states.
func (e encoding) encodeList(meta metav1.ListMeta, objects []*object) ([]byte, error) {
	if e == asJSON {
		l := corev1.EventList{ListMeta: meta, Items: make([]corev1.Event, len(objects))}
		for i, o := range objects {
			l.Items[i] = *o.event
		}
		return withKind("EventList", &l)
	}
	head, err := meta.Marshal()
	if err != nil {
		return nil, err
	}
	size := len(head) + 16
	for _, o := range objects {
		size += len(o.raw) + 8
	}
	raw := make([]byte, 0, size)
	raw = append(binary.AppendUvarint(append(raw, listMetaField), uint64(len(head))), head...)
	for _, o := range objects {
		raw = append(binary.AppendUvarint(append(raw, itemsField), uint64(len(o.raw))), o.raw...)
	}
	return envelope("EventList", raw)
}

// encodeFrame encodes a frame of a stream from its encoded object.
func (e encoding) encodeFrame(kind watch.EventType, data []byte) ([]byte, error) {
	if e == asJSON {
		f, err := json.Marshal(metav1.WatchEvent{Type: string(kind), Object: runtime.RawExtension{Raw: data}})
		return append(f, '\n'), err
	}
	ev := metav1.WatchEvent{Type: string(kind), Object: runtime.RawExtension{Raw: data}}
	f := make([]byte, 4+ev.Size())
	binary.BigEndian.PutUint32(f, uint32(len(f)-4)) //nolint:gosec // no frame is so long
	_, err := ev.MarshalTo(f[4:])
	return f, err
}

// frame is a frame of a stream, encoded when it is first asked for.
type frame struct {
	once sync.Once
	data []byte
	err  error
}

// frame returns the frame of a change.
func (c *change) frame(e encoding) ([]byte, error) {
	f := &c.frames[e]
	f.once.Do(func() { f.data, f.err = c.now.frame(e, c.kind) })
	return f.data, f.err
}

// frame returns a frame that holds the object.
func (o *object) frame(e encoding, kind watch.EventType) ([]byte, error) {
	var data []byte
	var err error
	if e == asProtobuf {
		data, err = envelope("Event", o.raw)
	} else {
		data, err = withKind("Event", o.event)
	}
	if err != nil {
		return nil, err
	}
	return e.encodeFrame(kind, data)
}
