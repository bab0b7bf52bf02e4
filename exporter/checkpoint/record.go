package checkpoint

import (
	"bufio"
	"bytes"
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
	"hash/crc32"
	"io"
	"slices"
	"strings"
	"time"

	"github.com/kubebark/kubebark/exporter/count"
	"github.com/kubebark/kubebark/exporter/series"
)

// The file begins with a line that tells what it is, to people too.
const (
	magic   = "kubebark state "
	version = "2\n"
)

// kind says what a record holds.
type kind byte

const (
	// ofOwner is the first record of a file: an Owner, as JSON.
	ofOwner kind = 'o'
	// ofStream is a namespace's head, as a line of JSON, and behind it names.
	ofStream kind = 'n'
	// ofSeries are some series, as JSON.
	ofSeries kind = 's'
	// ofCommit makes the records before it count, back to the last one.
	ofCommit kind = 'c'
	// ofServed tells that all that is durable so far has been shown.
	ofServed kind = 'v'
)

// head is what a record of names begins with.
type head struct {
	Namespace        string
	Since, Forgotten time.Time
}

// chunk bounds a record's names and series, and so the memory that one takes.
const chunk = 4096

// maxRecord is far above what a chunk takes; a longer one is damage.
const maxRecord = 64 << 20

var castagnoli = crc32.MakeTable(crc32.Castagnoli)

// frameHeader is the length and the checksum of a record.
const frameHeader = 8

// writer writes records, one by one, so that a snapshot is never in memory as a
// whole. After an error it writes nothing more.
type writer struct {
	w    io.Writer
	buf  []byte // of one record, used again
	size int64  // of all that was written
	err  error
}

// record writes a record of what follows each other in it.
func (w *writer) record(k kind, parts ...any) {
	w.buf = append(w.buf[:0], make([]byte, frameHeader)...)
	w.buf = append(w.buf, byte(k))
	for _, p := range parts {
		var err error
		if names, ok := p.([]count.State); ok {
			w.buf, err = binary.Append(w.buf, binary.BigEndian, names)
		} else {
			var text []byte
			text, err = json.Marshal(p)
			w.buf = append(append(w.buf, text...), '\n')
		}
		w.err = errors.Join(w.err, err)
	}
	payload := w.buf[frameHeader:]
	binary.BigEndian.PutUint32(w.buf, uint32(len(payload))) //nolint:gosec // chunks are small
	binary.BigEndian.PutUint32(w.buf[4:], crc32.Checksum(payload, castagnoli))
	w.write(w.buf)
}

func (w *writer) write(b []byte) {
	if w.err != nil {
		return
	}
	n, err := w.w.Write(b)
	w.size, w.err = w.size+int64(n), err
}

// batch writes a batch as records, the last of which commits it.
func (w *writer) batch(b *Batch) {
	for ns, st := range b.Streams {
		for names := range chunks(st.Names) {
			w.record(ofStream, head{ns, st.Since, st.Forgotten}, names)
		}
	}
	for ss := range chunks(b.Series) {
		w.record(ofSeries, ss)
	}
	w.record(ofCommit)
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

// decode reads a record that is part of a batch.
func decode(k kind, payload []byte) (*Batch, error) {
	switch k {
	case ofStream:
		line, rest, _ := bytes.Cut(payload, []byte{'\n'})
		var h head
		if err := json.Unmarshal(line, &h); err != nil {
			return nil, err
		}
		var names []count.State
		size := binary.Size(count.State{})
		if len(rest)%size != 0 {
			return nil, fmt.Errorf("%d bytes are no names", len(rest))
		}
		if n := len(rest) / size; n > 0 {
			names = make([]count.State, n)
		}
		if _, err := binary.Decode(rest, binary.BigEndian, names); err != nil {
			return nil, err
		}
		return &Batch{Streams: map[string]Stream{h.Namespace: {h.Since, h.Forgotten, names}}}, nil
	case ofSeries:
		b := new(Batch)
		return b, json.Unmarshal(payload, &b.Series)
	}
	return nil, fmt.Errorf("there are no records %q", k)
}

// errDamaged means that a file holds something else than what was written.
var errDamaged = errors.New("damaged")

// reader reads records and knows how many bytes were good.
type reader struct {
	r    *bufio.Reader
	left int64 // bytes of the file not yet read
	good int64 // length of what was read and whole
	buf  []byte
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

// next returns what the next record holds, valid until the next call; io.EOF at
// the end or at a torn one, which is what a crash leaves at the end of a file
// and nowhere else.
func (r *reader) next() (kind, []byte, error) {
	var h [frameHeader]byte
	if r.left < frameHeader {
		return 0, nil, io.EOF
	}
	if _, err := io.ReadFull(r.r, h[:]); err != nil {
		return 0, nil, err
	}
	r.left -= frameHeader
	n := int64(binary.BigEndian.Uint32(h[:]))
	if n > r.left {
		return 0, nil, io.EOF
	}
	if n == 0 || n > maxRecord {
		return 0, nil, r.damaged(nil)
	}
	r.buf = slices.Grow(r.buf[:0], int(n))[:n]
	if _, err := io.ReadFull(r.r, r.buf); err != nil {
		return 0, nil, err
	}
	r.left -= n
	if crc32.Checksum(r.buf, castagnoli) != binary.BigEndian.Uint32(h[4:]) {
		if r.left == 0 {
			return 0, nil, io.EOF // written, but not all of it
		}
		return 0, nil, r.damaged(nil)
	}
	r.good += frameHeader + n
	return kind(r.buf[0]), r.buf[1:], nil
}

// damaged is the error of what cannot be read.
func (r *reader) damaged(err error) error {
	if err == nil {
		return fmt.Errorf("%w after %d bytes", errDamaged, r.good)
	}
	return fmt.Errorf("%w before byte %d: %w", errDamaged, r.good, err)
}
