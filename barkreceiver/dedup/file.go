package dedup

import (
	"bufio"
	"bytes"
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"sync"
	"time"

	"github.com/kubebark/kubebark/internal/atomicfile"
)

const (
	version = 2
	// how much larger than twice what it needs a file may get.
	slack = 4 << 20
)

// header is the first line of the file.
type header struct {
	Version int `json:"version"` // of a file of what devices were told
}

// entry is any other line. A later one about the same takes its place.
type entry struct {
	Device string        `json:"device"`
	ID     string        `json:"id"`
	Digest string        `json:"digest"`
	Newest time.Time     `json:"newest,omitzero"`
	Repeat bool          `json:"repeat,omitempty"`
	Over   bool          `json:"over,omitempty"`
	At     time.Time     `json:"at"`
	Gap    time.Duration `json:"gap,omitempty"`
	Heard  []byte        `json:"heard,omitempty"` // of each alert its key, when it began, and when it was told of; four bytes each
}

const heardSize = 12

func newEntry(k key, m memory) entry {
	e := entry{k.device, k.id, m.Digest, m.Newest, m.Repeat, m.Over, m.at, m.gap, nil}
	for _, h := range m.heard {
		for _, n := range []uint32{h.key, h.began, h.at} {
			e.Heard = binary.BigEndian.AppendUint32(e.Heard, n)
		}
	}
	return e
}

func (e *entry) memory() memory {
	m := memory{State: State{Digest: e.Digest, Newest: e.Newest, Repeat: e.Repeat, Over: e.Over}, at: e.At, gap: e.Gap}
	for b := e.Heard; len(b) >= heardSize; b = b[heardSize:] {
		n := func(i int) uint32 { return binary.BigEndian.Uint32(b[i:]) }
		m.heard = append(m.heard, heard{n(0), n(4), n(8)})
	}
	return m
}

// journal is the file that a store is kept in: a line is added for whatever a
// device is told, before anybody else hears of it, and now and then the file
// is written anew. A killed process loses nothing that was added; of a machine
// that dies the file may lack what was added since the last sync.
type journal struct {
	mu   sync.Mutex
	path string
	f    *os.File // nil if the last write failed
	size int      // of the file
	need int      // the size after the last rewrite
}

// Keep takes in what a file has, and from now on keeps in it what is recorded.
// The error tells what of the file could not be read, or that it cannot be
// written; the store works all the same, and tries again with each record.
func (s *Store) Keep(path string) error {
	s.journal = &journal{path: path}
	lost := s.load(path)
	s.journal.mu.Lock()
	defer s.journal.mu.Unlock()
	return errors.Join(lost, s.count(s.rewrite()))
}

// Sync makes what was recorded outlast the machine.
func (s *Store) Sync() error {
	j := s.journal
	if j == nil {
		return nil
	}
	j.mu.Lock()
	defer j.mu.Unlock()
	if j.f == nil {
		return s.count(s.rewrite())
	}
	return s.count(j.f.Sync())
}

// Close ends the keeping.
func (s *Store) Close() error {
	err := s.Sync()
	if j := s.journal; j != nil && j.f != nil {
		err = errors.Join(err, j.f.Close())
	}
	s.journal = nil
	return err
}

// keep adds an entry to the file.
func (s *Store) keep(e entry) error {
	j := s.journal
	if j == nil {
		return nil
	}
	line, err := json.Marshal(e)
	if err != nil {
		return s.count(fmt.Errorf("encode state: %w", err))
	}
	j.mu.Lock()
	defer j.mu.Unlock()
	if j.f == nil || j.size > 2*j.need+slack {
		return s.count(s.rewrite()) // which has the entry
	}
	n, err := j.f.Write(append(line, '\n'))
	j.size += n
	if err != nil {
		// What got into the file may be half a line.
		return s.count(s.rewrite())
	}
	return nil
}

// rewrite writes the file anew, with what there is and no more.
func (s *Store) rewrite() error {
	j := s.journal
	if j.f != nil {
		j.f.Close()
		j.f = nil
	}
	var text bytes.Buffer
	enc := json.NewEncoder(&text)
	err := enc.Encode(header{version})
	for _, e := range s.entries() {
		err = errors.Join(err, enc.Encode(e))
	}
	if err == nil {
		err = atomicfile.Write(j.path, text.Bytes())
	}
	if err == nil {
		j.f, err = os.OpenFile(j.path, os.O_WRONLY|os.O_APPEND, 0)
	}
	j.size, j.need = text.Len(), text.Len()
	if err != nil {
		return fmt.Errorf("write state: %w", err)
	}
	return nil
}

func (s *Store) count(err error) error {
	if err != nil {
		s.failures.Inc()
	}
	return err
}

// load takes in what a file has. One that is not ours is set aside; in one
// that is damaged, what can be read is.
func (s *Store) load(path string) error {
	text, err := os.ReadFile(path)
	if errors.Is(err, fs.ErrNotExist) || err == nil && len(text) == 0 {
		return nil
	}
	if err != nil {
		return fmt.Errorf("read state: %w", err)
	}
	lines := bufio.NewScanner(bytes.NewReader(text))
	lines.Buffer(nil, len(text)+1)
	var h header
	if !lines.Scan() || json.Unmarshal(lines.Bytes(), &h) != nil || h.Version != version {
		aside := path + ".unreadable"
		if err := os.Rename(path, aside); err != nil {
			return fmt.Errorf("set aside what is no state file: %w", err)
		}
		return fmt.Errorf("%s is no state file of version %d; it is now %s", path, version, aside)
	}
	bad := 0
	for n := len(lines.Bytes()) + 1; lines.Scan(); {
		n += len(lines.Bytes()) + 1
		var e entry
		if json.Unmarshal(lines.Bytes(), &e) == nil {
			s.restore(e)
		} else if n <= len(text) { // the last line may be cut off by a kill
			bad++
		}
	}
	if bad > 0 {
		return fmt.Errorf("read state %s: %d lines are damaged", path, bad)
	}
	return nil
}
