// Package decode makes Kubernetes Events, from the API or from files, into
// the normalised [occurrence.Event].
//
// Events come in the API's protobuf ([Proto]) or in JSON ([JSON]), and in files
// as kubectl prints them: an object, a List, JSON lines, watch lines, YAML
// ([Read]). All are read into one small object, whose fill method alone knows
// the shapes that recorders write.
package decode

import (
	"bufio"
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"slices"

	yamlreader "k8s.io/apimachinery/pkg/util/yaml"
	"sigs.k8s.io/yaml"

	"github.com/kubebark/kubebark/exporter/occurrence"
)

// Record is an event read from a file.
type Record struct {
	Event *occurrence.Event
	// Deleted tells that the record is a watch line of the object's deletion.
	Deleted bool
	// New is how many occurrences a line of the event log stands for; 0 for
	// all else, where counts are to be compared. Inexact goes with it.
	New     int64
	Inexact bool
}

// A Fault is a part of a file that could not be read.
type Fault struct { //nolint:errname // it is a finding first, and one of many
	Line int // first line of the part
	Err  error
}

// Error returns the line and what is wrong.
func (f *Fault) Error() string { return fmt.Sprintf("line %d: %v", f.Line, f.Err) }

// Unwrap returns what is wrong.
func (f *Fault) Unwrap() error { return f.Err }

// maxLine leaves room for a List of a large cluster's events on one line.
const maxLine = 512 << 20

// Read reads events and hands each to yield until yield returns false: in the
// order of the file, those of a List in the order of their times. It takes one
// Event or a List of them as JSON or YAML, many YAML documents, JSON lines, lines
// of the event log, and the watch lines of
// kubectl get events --watch-only --output-watch-events -o json. A part that
// cannot be read is yielded as a [*Fault]; what follows it is still read. The
// error is one of reading from r.
func Read(r io.Reader, yield func(Record, *Fault) bool) error {
	br := bufio.NewReaderSize(r, 64<<10)
	first, err := firstByte(br)
	if errors.Is(err, io.EOF) {
		return nil
	}
	if err != nil {
		return err
	}
	if first != '{' {
		return readYAML(br, yield)
	}
	return readJSON(br, yield)
}

// firstByte skips white space and a byte order mark.
func firstByte(br *bufio.Reader) (byte, error) {
	for {
		b, err := br.Peek(1)
		if err != nil {
			return 0, err
		}
		switch b[0] {
		case ' ', '\t', '\r', '\n', 0xEF, 0xBB, 0xBF:
			if _, err := br.Discard(1); err != nil {
				return 0, err
			}
		default:
			return b[0], nil
		}
	}
}

// readJSON reads one JSON value or many. A value may span lines. One that is
// broken ends at the next line that begins a new one in the first column.
func readJSON(br *bufio.Reader, yield func(Record, *Fault) bool) error {
	s := bufio.NewScanner(br)
	s.Buffer(make([]byte, 0, 64<<10), maxLine)
	var pending []byte
	line, start := 0, 1
	flush := func() bool {
		part := pending
		pending = pending[:0]
		return values(part, start, yield)
	}
	for s.Scan() {
		line++
		text := s.Bytes()
		if len(text) > 0 && text[0] == '{' {
			if !flush() {
				return nil
			}
			start = line
		}
		pending = append(append(pending, text...), '\n')
	}
	if err := s.Err(); err != nil {
		return fmt.Errorf("after line %d: %w", line, err)
	}
	flush()
	return nil
}

func readYAML(br *bufio.Reader, yield func(Record, *Fault) bool) error {
	docs := yamlreader.NewYAMLReader(br)
	line := 1
	for {
		doc, err := docs.Read()
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return err
		}
		start := line
		line += bytes.Count(doc, []byte("\n")) + 1 // and the separator
		data, err := yaml.YAMLToJSON(doc)
		if err != nil {
			if !yield(Record{}, &Fault{start, err}) {
				return nil
			}
			continue
		}
		if string(data) == "null" {
			continue
		}
		if !value(data, start, yield) {
			return nil
		}
	}
}

// envelope has the fields by which a value's shape is told.
type envelope struct {
	Type       json.RawMessage   `json:"type"` // of a watch line or of an Event
	Object     json.RawMessage   `json:"object"`
	Kind       string            `json:"kind"`
	APIVersion string            `json:"apiVersion"`
	Items      []json.RawMessage `json:"items"`
	LogID      string            `json:"event.id"`
}

// values yields the events of the JSON values in data, one after another.
func values(data []byte, line int, yield func(Record, *Fault) bool) bool {
	dec := json.NewDecoder(bytes.NewReader(data))
	for {
		var v json.RawMessage
		err := dec.Decode(&v)
		if errors.Is(err, io.EOF) {
			return true
		}
		if err != nil {
			at := bytes.Count(data[:min(dec.InputOffset(), int64(len(data)))], []byte("\n"))
			return yield(Record{}, &Fault{line + at, fmt.Errorf("broken JSON: %w", err)})
		}
		if !value(v, line, yield) {
			return false
		}
	}
}

// value yields the events of one JSON value and tells whether to go on.
func value(data []byte, line int, yield func(Record, *Fault) bool) bool {
	var env envelope
	if err := json.Unmarshal(data, &env); err != nil {
		return yield(Record{}, &Fault{line, err})
	}
	switch {
	case env.LogID != "":
		return logLine(data, line, yield)
	case env.Object != nil:
		return watchLine(&env, line, yield)
	case env.Items != nil || env.Kind == "List" || env.Kind == "EventList":
		return list(&env, line, yield)
	}
	e, _, err := JSON(data)
	if err != nil {
		return yield(Record{}, &Fault{line, err})
	}
	return yield(Record{Event: e}, nil)
}

// list yields a List's events by their time: it is in the order of names.
func list(env *envelope, line int, yield func(Record, *Fault) bool) bool {
	events := make([]*occurrence.Event, 0, len(env.Items))
	for i, item := range env.Items {
		e, _, err := JSON(item)
		if err == nil {
			events = append(events, e)
		} else if !yield(Record{}, &Fault{line, fmt.Errorf("item %d: %w", i, err)}) {
			return false
		}
	}
	slices.SortStableFunc(events, func(a, b *occurrence.Event) int { return a.Last.Compare(b.Last) })
	for _, e := range events {
		if !yield(Record{Event: e}, nil) {
			return false
		}
	}
	return true
}

func watchLine(env *envelope, line int, yield func(Record, *Fault) bool) bool {
	var kind string
	if err := json.Unmarshal(env.Type, &kind); err != nil {
		return yield(Record{}, &Fault{line, fmt.Errorf("type of the watch line: %w", err)})
	}
	switch kind {
	case "BOOKMARK":
		return true
	case "ADDED", "MODIFIED", "DELETED":
	default:
		return yield(Record{}, &Fault{line, fmt.Errorf("watch line of type %q: want ADDED, MODIFIED, DELETED or BOOKMARK", kind)})
	}
	e, _, err := JSON(env.Object)
	if err != nil {
		return yield(Record{}, &Fault{line, err})
	}
	return yield(Record{Event: e, Deleted: kind == "DELETED"}, nil)
}

// JSON reads one Event of either API group, and its resource version as it was
// written.
func JSON(data []byte) (e *occurrence.Event, version string, err error) {
	var env envelope
	if err := json.Unmarshal(data, &env); err != nil {
		return nil, "", err
	}
	if env.Kind != "" && env.Kind != "Event" {
		return nil, "", fmt.Errorf("want an Event, have kind %q", env.Kind)
	}
	var o object
	if err := o.unmarshalJSON(data, env.APIVersion); err != nil {
		return nil, "", err
	}
	e = new(occurrence.Event)
	o.fill(e)
	return e, o.Metadata.ResourceVersion, nil
}
