package wire

import (
	"bufio"
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
	"io"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/watch"

	"github.com/kubebark/kubebark/exporter/decode"
	"github.com/kubebark/kubebark/exporter/occurrence"
)

// maxFrame bounds what one frame may hold. An object in etcd has 1.5 MiB at
// most.
const maxFrame = 16 << 20

// Take takes an event of a list, which is valid until it returns.
type Take func(*occurrence.Event)

// Decoder reads pages and begins to read watches. The zero value is ready. It
// is not safe for concurrent use.
type Decoder struct {
	proto decode.Proto
	event occurrence.Event // the one that was read last
}

// Page is what a page of a list says beside its events.
type Page struct {
	Version  string // to watch from
	Continue string // token of the next page; "" after the last
	Shard    string // selector of the shard that the server says this is; "" if it says nothing
	Events   int
}

// Page reads a page of a list and hands on each event as it comes to it.
func (d *Decoder) Page(body []byte, take Take) (Page, error) {
	read := d.protoPage
	if isJSON(body) {
		read = jsonPage
	}
	p, err := read(body, take)
	if err != nil {
		err = fmt.Errorf("read a list of events: %w", err)
	}
	return p, err
}

// Frame is one message of a watch.
type Frame struct {
	Type watch.EventType
	// Event is the object, of a bookmark with a version alone; nil where Status
	// tells of an error. It is valid until the next frame.
	Event *occurrence.Event
	// Version is the event's resource version as the server wrote it.
	Version string
	Status  *metav1.Status
}

// Frames are the messages of one watch.
type Frames struct {
	d    *Decoder
	r    *bufio.Reader
	json *json.Decoder // nil for protobuf
	buf  []byte
	read bool // anything yet
}

// Frames returns the messages that come on a watch's body.
func (d *Decoder) Frames(body io.Reader) *Frames {
	return &Frames{d: d, r: bufio.NewReaderSize(body, 32<<10)}
}

// Next waits for the next message. It returns [io.EOF] at the end, and
// [io.ErrUnexpectedEOF] if that is in the middle of a message.
func (f *Frames) Next() (Frame, error) {
	if !f.read {
		first, err := f.r.Peek(1)
		if err != nil {
			return Frame{}, err
		}
		f.read = true
		if isJSON(first) {
			f.json = json.NewDecoder(f.r)
		}
	}
	if f.json != nil {
		return jsonFrame(f.json)
	}
	data, err := f.bytes()
	if err != nil {
		return Frame{}, err
	}
	fr, err := f.d.protoFrame(data)
	if err != nil {
		err = fmt.Errorf("read a frame of the watch: %w", err)
	}
	return fr, err
}

// bytes reads one frame: four bytes of length, and then so many. They are valid
// until the next.
func (f *Frames) bytes() ([]byte, error) {
	head, err := f.r.Peek(4)
	if err != nil {
		if len(head) > 0 && errors.Is(err, io.EOF) {
			err = io.ErrUnexpectedEOF
		}
		return nil, err
	}
	n := int(binary.BigEndian.Uint32(head))
	if n > maxFrame {
		return nil, fmt.Errorf("a frame of %d bytes on the watch; no event is larger than %d", n, maxFrame)
	}
	if n > cap(f.buf) {
		f.buf = make([]byte, n)
	}
	_, _ = f.r.Discard(len(head)) // it was peeked at
	_, err = io.ReadFull(f.r, f.buf[:n])
	if errors.Is(err, io.EOF) {
		err = io.ErrUnexpectedEOF
	}
	return f.buf[:n], err
}

// isJSON tells JSON from protobuf, which begins with a zero byte or the magic.
func isJSON(data []byte) bool {
	return len(data) > 0 && (data[0] == '{' || data[0] == ' ' || data[0] == '\n')
}

// typeOf returns the type of a watch event.
func typeOf(name []byte) watch.EventType {
	for _, t := range [...]watch.EventType{watch.Added, watch.Modified, watch.Deleted} {
		if string(name) == string(t) { // and no copy is made
			return t
		}
	}
	return watch.EventType(name)
}
