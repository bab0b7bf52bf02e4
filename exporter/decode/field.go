package decode

import (
	"fmt"
	"strings"
	"time"
	"unicode/utf8"

	"google.golang.org/protobuf/encoding/protowire"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

// Field is the value of a field of a protobuf message.
type Field struct {
	Bytes []byte // of a string, bytes or a message

	typ    protowire.Type
	varint uint64
}

// Fields calls f for each field of a message, in order, until one fails.
func Fields(data []byte, f func(protowire.Number, Field) error) error {
	for len(data) > 0 {
		num, typ, n := protowire.ConsumeTag(data)
		if n < 0 {
			return protowire.ParseError(n)
		}
		data = data[n:]
		v := Field{typ: typ}
		switch typ { //nolint:exhaustive // the rest is passed over, or refused
		case protowire.BytesType:
			v.Bytes, n = protowire.ConsumeBytes(data)
		case protowire.VarintType:
			v.varint, n = protowire.ConsumeVarint(data)
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
	if v.typ != t {
		return fmt.Errorf("wire type %d, want %d", v.typ, t)
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
	*n = int32(v.varint) //nolint:gosec // the low half is what protobuf means
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
			seconds = int64(v.varint) //nolint:gosec // as protobuf means it
			return v.want(protowire.VarintType)
		case 2:
			return v.int32(&nanos)
		}
		return nil
	})
	return seconds, nanos, err
}
