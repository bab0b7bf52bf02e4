package wire

import (
	"bytes"
	"errors"
	"fmt"

	"google.golang.org/protobuf/encoding/protowire"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/kubebark/kubebark/exporter/decode"
)

// magic begins each object in protobuf; runtime.Unknown of apimachinery follows.
var magic = []byte("k8s\x00")

// unwrap returns an object's kind and content from the envelope in which it
// travels.
func unwrap(data []byte) (kind, raw []byte, err error) {
	data, ok := bytes.CutPrefix(data, magic)
	if !ok {
		return nil, nil, errors.New("want protobuf as Kubernetes has it, which begins with k8s and a zero byte")
	}
	err = decode.Fields(data, func(n protowire.Number, v decode.Field) error {
		switch n {
		case 1:
			return decode.Fields(v.Bytes, func(n protowire.Number, v decode.Field) error {
				if n == 2 {
					kind = v.Bytes
				}
				return nil
			})
		case 2:
			raw = v.Bytes
		}
		return nil
	})
	return kind, raw, err
}

// protoPage reads an EventList.
func (d *Decoder) protoPage(body []byte, take Take) (Page, error) {
	kind, raw, err := unwrap(body)
	if err == nil && string(kind) != "EventList" {
		err = fmt.Errorf("want an EventList, have kind %q", kind)
	}
	if err != nil {
		return Page{}, err
	}
	var p Page
	err = decode.Fields(raw, func(n protowire.Number, v decode.Field) error {
		switch n {
		case 1:
			return p.meta(v.Bytes)
		case 2:
			if _, err := d.proto.Event(v.Bytes, &d.event); err != nil {
				return err
			}
			p.Events++
			take(&d.event)
		}
		return nil
	})
	return p, err
}

// meta reads metav1.ListMeta.
func (p *Page) meta(data []byte) error {
	return decode.Fields(data, func(n protowire.Number, v decode.Field) error {
		switch n {
		case 2:
			p.Version = string(v.Bytes)
		case 3:
			p.Continue = string(v.Bytes)
		case 5: // a metav1.ShardInfo
			return decode.Fields(v.Bytes, func(n protowire.Number, v decode.Field) error {
				if n == 1 {
					p.Shard = string(v.Bytes)
				}
				return nil
			})
		}
		return nil
	})
}

// protoFrame reads a metav1.WatchEvent.
func (d *Decoder) protoFrame(data []byte) (Frame, error) {
	var kind, object []byte
	err := decode.Fields(data, func(n protowire.Number, v decode.Field) error {
		switch n {
		case 1:
			kind = v.Bytes
		case 2: // a runtime.RawExtension
			return decode.Fields(v.Bytes, func(n protowire.Number, v decode.Field) error {
				if n == 1 {
					object = v.Bytes
				}
				return nil
			})
		}
		return nil
	})
	if err != nil {
		return Frame{}, err
	}
	of, raw, err := unwrap(object)
	if err != nil {
		return Frame{}, err
	}
	f := Frame{Type: typeOf(kind)}
	switch string(of) {
	case "Event":
		f.Event = &d.event
		f.Version, err = d.proto.Event(raw, f.Event)
	case "Status":
		f.Status = new(metav1.Status)
		err = f.Status.Unmarshal(raw)
	default:
		err = fmt.Errorf("want an Event or a Status, have kind %q", of)
	}
	return f, err
}
