package checkpoint

import (
	"bufio"
	"bytes"
	"encoding/binary"
	"encoding/gob"
	"errors"
	"fmt"
	"hash/crc32"
	"io"
	"strings"

	"github.com/kubebark/kubebark/exporter/count"
	"github.com/kubebark/kubebark/exporter/series"
)

// The file begins with a line that tells what it is, to people too.
const (
	magic   = "kubebark state "
	version = "1\n"
)

// record is a piece of the file. A batch may take several: only Commit makes
// it count.
type record struct {
	Owner  *Owner // the first record of a file has it
	Batch  *Batch
	Commit bool
	Served bool // all that is durable so far has been shown
}

// chunk bounds a record's names and series, and so the memory that one takes.
const chunk = 4096

// maxRecord is far above what a chunk takes; a longer one is damage.
const maxRecord = 64 << 20

var castagnoli = crc32.MakeTable(crc32.Castagnoli)

// frameHeader is the length and the checksum of a record.
const frameHeader = 8

func appendRecord(buf *bytes.Buffer, r *record) error {
	start := buf.Len()
	buf.Write(make([]byte, frameHeader))
	if err := gob.NewEncoder(buf).Encode(r); err != nil {
		return err
	}
	frame := buf.Bytes()[start:]
	payload := frame[frameHeader:]
	binary.BigEndian.PutUint32(frame, uint32(len(payload))) //nolint:gosec // chunks are small
	binary.BigEndian.PutUint32(frame[4:], crc32.Checksum(payload, castagnoli))
	return nil
}

// appendBatch writes a batch as records, the last of which commits it.
func appendBatch(buf *bytes.Buffer, b *Batch) error {
	for ns, st := range b.Streams {
		for names := range chunks(st.Names) {
			part := &Batch{Streams: map[string]Stream{ns: {st.Since, st.Forgotten, names}}}
			if err := appendRecord(buf, &record{Batch: part}); err != nil {
				return err
			}
		}
	}
	for ss := range chunks(b.Series) {
		if err := appendRecord(buf, &record{Batch: &Batch{Series: ss}}); err != nil {
			return err
		}
	}
	return appendRecord(buf, &record{Commit: true})
}

// chunks yields parts of a slice, one empty part for an empty slice.
func chunks[T count.State | series.State](s []T) func(func([]T) bool) {
	return func(yield func([]T) bool) {
		for len(s) > chunk {
			if !yield(s[:chunk]) {
				return
			}
			s = s[chunk:]
		}
		yield(s)
	}
}

// errDamaged means that a file holds something else than what was written.
var errDamaged = errors.New("damaged")

// reader reads records and knows how many bytes were good.
type reader struct {
	r    *bufio.Reader
	left int64 // bytes of the file not yet read
	good int64 // length of what was read and whole
}

func newReader(r io.Reader, size int64) (*reader, error) {
	br := bufio.NewReader(r)
	line, err := br.ReadString('\n')
	switch {
	case errors.Is(err, io.EOF), err == nil && !strings.HasPrefix(line, magic):
		return nil, fmt.Errorf("%w: it does not begin with %q", errDamaged, magic)
	case err != nil:
		return nil, err
	case line != magic+version:
		return nil, fmt.Errorf("version %s is not one of this program's", strings.TrimSpace(strings.TrimPrefix(line, magic)))
	}
	n := int64(len(line))
	return &reader{r: br, left: size - n, good: n}, nil
}

// next returns the next record; io.EOF at the end or at a torn one, which is
// what a crash leaves at the end of a file and nowhere else.
func (r *reader) next() (*record, error) {
	var h [frameHeader]byte
	if r.left < frameHeader {
		return nil, io.EOF
	}
	if _, err := io.ReadFull(r.r, h[:]); err != nil {
		return nil, err
	}
	r.left -= frameHeader
	n := int64(binary.BigEndian.Uint32(h[:]))
	if n > r.left {
		return nil, io.EOF
	}
	if n == 0 || n > maxRecord {
		return nil, fmt.Errorf("%w after %d bytes", errDamaged, r.good)
	}
	payload := make([]byte, n)
	if _, err := io.ReadFull(r.r, payload); err != nil {
		return nil, err
	}
	r.left -= n
	if crc32.Checksum(payload, castagnoli) != binary.BigEndian.Uint32(h[4:]) {
		if r.left == 0 {
			return nil, io.EOF // written, but not all of it
		}
		return nil, fmt.Errorf("%w after %d bytes", errDamaged, r.good)
	}
	rec := new(record)
	if err := gob.NewDecoder(bytes.NewReader(payload)).Decode(rec); err != nil {
		return nil, fmt.Errorf("%w after %d bytes: %w", errDamaged, r.good, err)
	}
	r.good += frameHeader + n
	return rec, nil
}
