package dedup

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"time"

	"github.com/kubebark/kubebark/internal/atomicfile"
)

const version = 1

// file is the store as it is kept over a restart.
type file struct {
	Version int     `json:"version"`
	Told    []entry `json:"told"` // the longest unused first
}

type entry struct {
	Device string        `json:"device"`
	ID     string        `json:"id"`
	Digest string        `json:"digest"`
	Repeat bool          `json:"repeat,omitempty"`
	Over   bool          `json:"over,omitempty"`
	At     time.Time     `json:"at"`
	Gap    time.Duration `json:"gap,omitempty"`
}

// Save writes the store into a file. That is replaced whole or not at all.
func (s *Store) Save(path string) error {
	text, err := json.Marshal(file{Version: version, Told: s.entries()})
	if err != nil {
		return fmt.Errorf("encode state: %w", err)
	}
	if err := atomicfile.Write(path, text); err != nil {
		return fmt.Errorf("write state: %w", err)
	}
	return nil
}

func (s *Store) entries() []entry {
	s.mu.Lock()
	defer s.mu.Unlock()
	all := make([]entry, 0, s.told.Len())
	for _, k := range s.told.Keys() {
		if t, ok := s.told.Peek(k); ok {
			all = append(all, entry{k.device, k.id, t.Digest, t.Repeat, t.Over, t.at, t.gap})
		}
	}
	return all
}

// Load takes in what [Store.Save] wrote. A file that is not there is an empty
// one.
func (s *Store) Load(path string) error {
	text, err := os.ReadFile(path)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		return fmt.Errorf("read state: %w", err)
	}
	var f file
	if err := json.Unmarshal(text, &f); err != nil {
		return fmt.Errorf("read state %s: %w", path, err)
	}
	if f.Version != version {
		return fmt.Errorf("read state %s: it is of version %d, want %d", path, f.Version, version)
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, e := range f.Told {
		if e.At.After(time.Now()) {
			continue // of a clock that was wrong; it would hold back for too long
		}
		s.told.Add(key{e.Device, e.ID}, told{State{e.Digest, e.Repeat, e.Over}, e.At, e.Gap})
	}
	return nil
}
