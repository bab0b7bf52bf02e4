package decode

import (
	"fmt"
	"strings"
	"time"
	"unicode/utf8"

	"google.golang.org/protobuf/encoding/protowire"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/kubebark/kubebark/exporter/occurrence"
)

// maxShared bounds the strings of which one copy is kept.
const maxShared = 4096

// Proto reads core/v1 Events in the API's protobuf. Of the strings that many
// events have in common, such as reasons and namespaces, it keeps one copy.
// The zero value is ready. It is not safe for concurrent use.
type Proto struct {
	shared map[string]string
}

// Event reads an Event into e, all of which it sets, and returns its resource
// version as it was written. The fields are those of generated.proto in
// k8s.io/api/core/v1; those that are not used are passed over, whatever is in
// them.
func (p *Proto) Event(data []byte, e *occurrence.Event) (version string, err error) {
	var o object
	if err := p.event(data, &o); err != nil {
		return "", fmt.Errorf("read an event in protobuf: %w", err)
	}
	o.fill(e)
	return o.Metadata.ResourceVersion, nil
}

func (p *Proto) event(data []byte, o *object) error {
	return Fields(data, func(n protowire.Number, v Field) (err error) {
		switch n {
		case 1:
			err = p.metadata(v, &o.Metadata)
		case 2:
			err = p.reference(v, &o.InvolvedObject)
		case 3:
			err = p.share(v, &o.Reason)
		case 4:
			err = v.text(&o.Message)
		case 5:
			err = p.source(v, &o.Source)
		case 6:
			err = v.time(&o.FirstTimestamp)
		case 7:
			err = v.time(&o.LastTimestamp)
		case 8:
			err = v.int32(&o.Count)
		case 9:
			err = p.share(v, &o.Type)
		case 10:
			err = v.microTime(&o.EventTime)
		case 11:
			if o.Series == nil {
				o.Series = new(series)
			}
			err = v.series(o.Series)
		case 12:
			err = p.share(v, &o.Action)
		case 14:
			err = p.share(v, &o.ReportingComponent)
		case 15:
			err = p.share(v, &o.ReportingInstance)
		}
		return err
	})
}

func (p *Proto) metadata(v Field, m *metadata) error {
	return v.message(func(n protowire.Number, v Field) error {
		switch n {
		case 1:
			return v.text(&m.Name)
		case 3:
			return p.share(v, &m.Namespace)
		case 5:
			return v.text(&m.UID)
		case 6:
			return v.text(&m.ResourceVersion)
		case 8:
			return v.time(&m.CreationTimestamp)
		}
		return nil
	})
}

func (p *Proto) reference(v Field, r *reference) error {
	return v.message(func(n protowire.Number, v Field) error {
		switch n {
		case 1:
			return p.share(v, &r.Kind)
		case 2:
			return p.share(v, &r.Namespace)
		case 3:
			return v.text(&r.Name)
		case 4:
			return v.text(&r.UID)
		case 5:
			return p.share(v, &r.APIVersion)
		case 7:
			return p.share(v, &r.FieldPath)
		}
		return nil
	})
}

func (p *Proto) source(v Field, s *source) error {
	return v.message(func(n protowire.Number, v Field) error {
		switch n {
		case 1:
			return p.share(v, &s.Component)
		case 2:
			return p.share(v, &s.Host)
		}
		return nil
	})
}

// share sets s to the one copy of a string.
func (p *Proto) share(v Field, s *string) error {
	if known, ok := p.shared[string(v.Bytes)]; ok && v.Type == protowire.BytesType {
		*s = known
		return nil
	}
	if err := v.text(s); err != nil {
		return err
	}
	if p.shared == nil || len(p.shared) >= maxShared {
		p.shared = make(map[string]string)
	}
	p.shared[string(v.Bytes)] = *s
	return nil
}

// Field is the value of a field of a protobuf message.
type Field struct {
	Type   protowire.Type
	Bytes  []byte // of a string, bytes or a message
	Varint uint64
}

// Fields calls f for each field of a message, in order, until one fails.
func Fields(data []byte, f func(protowire.Number, Field) error) error {
	for len(data) > 0 {
		num, typ, n := protowire.ConsumeTag(data)
		if n < 0 {
			return protowire.ParseError(n)
		}
		data = data[n:]
		v := Field{Type: typ}
		switch typ { //nolint:exhaustive // the rest is passed over, or refused
		case protowire.BytesType:
			v.Bytes, n = protowire.ConsumeBytes(data)
		case protowire.VarintType:
			v.Varint, n = protowire.ConsumeVarint(data)
		default:
			n = protowire.ConsumeFieldValue(num, typ, data)
		}
		if n < 0 {
			return protowire.ParseError(n)
		}
		data = data[n:]
		if err := f(num, v); err != nil {
			return fmt.Errorf("field %d: %w", num, err)
		}
	}
	return nil
}

func (v Field) want(t protowire.Type) error {
	if v.Type != t {
		return fmt.Errorf("wire type %d, want %d", v.Type, t)
	}
	return nil
}

func (v Field) message(f func(protowire.Number, Field) error) error {
	if err := v.want(protowire.BytesType); err != nil {
		return err
	}
	return Fields(v.Bytes, f)
}

// text sets s, in which invalid UTF-8 is replaced: neither Prometheus nor JSON
// takes it.
func (v Field) text(s *string) error {
	*s = string(v.Bytes)
	if !utf8.Valid(v.Bytes) {
		*s = strings.ToValidUTF8(*s, "\uFFFD")
	}
	return v.want(protowire.BytesType)
}

func (v Field) int32(n *int32) error {
	*n = int32(v.Varint) //nolint:gosec // the low half is what protobuf means
	return v.want(protowire.VarintType)
}

func (v Field) series(s *series) error {
	return v.message(func(n protowire.Number, v Field) error {
		switch n {
		case 1:
			return v.int32(&s.Count)
		case 2:
			return v.microTime(&s.LastObservedTime)
		}
		return nil
	})
}

// time reads what metav1.Time writes: whole seconds, nothing for the zero time.
func (v Field) time(t *metav1.Time) error {
	seconds, _, err := v.timestamp()
	*t = metav1.Time{}
	if len(v.Bytes) > 0 {
		t.Time = time.Unix(seconds, 0)
	}
	return err
}

// microTime reads what metav1.MicroTime writes.
func (v Field) microTime(t *metav1.MicroTime) error {
	seconds, nanos, err := v.timestamp()
	*t = metav1.MicroTime{}
	if len(v.Bytes) > 0 {
		t.Time = time.Unix(seconds, int64(time.Duration(nanos).Truncate(time.Microsecond)))
	}
	return err
}

func (v Field) timestamp() (seconds int64, nanos int32, err error) {
	err = v.message(func(n protowire.Number, v Field) error {
		switch n {
		case 1:
			seconds = int64(v.Varint) //nolint:gosec // as protobuf means it
			return v.want(protowire.VarintType)
		case 2:
			return v.int32(&nanos)
		}
		return nil
	})
	return seconds, nanos, err
}
