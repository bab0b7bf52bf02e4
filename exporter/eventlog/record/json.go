package record

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"strconv"
	"strings"

	"github.com/kubebark/kubebark/exporter/occurrence"
)

// idSize is how many bytes of a hash name a change, so that a log of years has no
// two by chance.
const idSize = 16

// id names a change of an event: the object as the API server has it has a new
// version after each write. Where there is no version, as in files, the count
// and the latest time tell changes apart.
func id(e *occurrence.Event) string {
	change := strconv.FormatUint(e.Version, 10)
	if e.Version == 0 {
		change = fmt.Sprintf("%d@%d", e.Count, e.Last.UnixMicro())
	}
	sum := sha256.Sum256([]byte(strings.Join([]string{e.Namespace, e.Name, e.UID, change}, "\x00")))
	return hex.EncodeToString(sum[:idSize])
}

// Append appends the record and a newline.
func (r *Record) Append(b *bytes.Buffer) error {
	enc := json.NewEncoder(b)
	enc.SetEscapeHTML(false) // it is read by people, too
	if err := enc.Encode(r); err != nil {
		return err
	}
	if len(r.Labels)+len(r.Annotations) == 0 {
		return nil
	}
	b.Truncate(b.Len() - len("}\n"))
	var errs []error
	r.EachExtra(func(name, value string) {
		b.WriteByte(',')
		errs = append(errs, appendString(enc, b, name))
		b.WriteByte(':')
		errs = append(errs, appendString(enc, b, value))
	})
	b.WriteString("}\n")
	return errors.Join(errs...)
}

func appendString(enc *json.Encoder, b *bytes.Buffer, s string) error {
	err := enc.Encode(s)
	b.Truncate(b.Len() - len("\n"))
	return err
}

// Parse reads one line. The labels and annotations are left out: nothing is
// counted or alerted by them.
func Parse(line []byte) (*Record, error) {
	var r Record
	if err := json.Unmarshal(line, &r); err != nil {
		return nil, err
	}
	if r.ID == "" {
		return nil, errors.New("want a line of the event log, which has an event.id")
	}
	return &r, nil
}
