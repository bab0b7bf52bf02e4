package checkpoint

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"time"

	"github.com/kubebark/kubebark/exporter/count"
	"github.com/kubebark/kubebark/exporter/series"
	"github.com/kubebark/kubebark/internal/atomicfile"
)

// File is a state file that is open for writing. It is not safe for
// concurrent use.
type File struct {
	path  string
	owner Owner
	// ours tells that what is at the path is of this run, or was gone on from.
	ours bool

	slack    int64 // how much longer than twice a snapshot the file may get
	f        *os.File
	size     int64 // of what is whole; what is behind it is torn
	snapshot int64 // size after the last rewrite
}

// Open reads the state of a file, and is ready to write it. The state is nil
// where there is none to go on from; if there is a file that cannot be gone on
// from it is set aside, and aside tells to where and why. The error is one that
// keeps the file from being read or set aside.
func Open(path string, owner Owner) (f *File, st *State, aside string, err error) {
	f = &File{path: path, owner: owner, slack: 1 << 20}
	st, err = load(path)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return f, nil, "", nil
	case err == nil && st.Owner.Cluster != owner.Cluster:
		err = errors.New("it is of another cluster")
	case err == nil && st.Owner.Shard != owner.Shard:
		err = fmt.Errorf("it is of shard %s", st.Owner.Shard)
	}
	if err == nil {
		f.ours = true
		return f, st, "", nil
	}
	to, rerr := f.setAside()
	if rerr != nil {
		return f, nil, "", fmt.Errorf("state %q cannot be gone on from (%w) nor set aside: %w", path, err, rerr)
	}
	return f, nil, fmt.Sprintf("%s: %v", to, err), nil
}

// setAside renames what is at the path, if there is anything, and returns to
// what.
func (f *File) setAside() (string, error) {
	to := fmt.Sprintf("%s.%s", f.path, time.Now().UTC().Format("20060102T150405.000000000"))
	if err := os.Rename(f.path, to); err != nil {
		return "", err
	}
	return to, nil
}

func load(path string) (*State, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	info, err := f.Stat()
	if err != nil {
		return nil, err
	}
	r, err := newReader(f, info.Size())
	if err != nil {
		return nil, err
	}
	st := &State{Streams: make(map[string]Stream), Series: make(map[series.Key]series.State)}
	k, payload, err := r.next()
	if err == nil && k == ofOwner {
		err = json.Unmarshal(payload, &st.Owner)
	}
	if err != nil || k != ofOwner {
		return nil, fmt.Errorf("%w: it does not say whose it is", errDamaged)
	}
	err = st.read(r)
	return st, err
}

// read puts all committed batches over the state.
func (s *State) read(r *reader) error {
	names := make(map[string]map[uint64]count.State)
	var pending []*Batch
	for {
		k, payload, err := r.next()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			return err
		}
		switch k {
		case ofServed:
			s.served()
		case ofCommit:
			for _, b := range pending {
				s.apply(b, names)
			}
			pending = nil
		default:
			b, err := decode(k, payload)
			if err != nil {
				return r.damaged(err)
			}
			pending = append(pending, b)
		}
	}
	for ns, st := range s.Streams {
		st.Names = slices.Collect(maps.Values(names[ns]))
		s.Streams[ns] = st
	}
	return nil
}

// Rewrite replaces the file by one that holds a batch alone, which must be the
// whole state. A crash leaves the old file or the new one. What it finds in its
// place and does not know, such as what a volume brings that came late, it sets
// aside, and tells to where.
func (f *File) Rewrite(b *Batch) (aside string, err error) {
	// Always the same name, so that what a crash leaves is written over.
	tmp, err := os.OpenFile(f.path+".new", os.O_CREATE|os.O_TRUNC|os.O_RDWR, 0o600)
	if err != nil {
		return "", err
	}
	w := &writer{w: tmp}
	w.write([]byte(magic + version))
	w.record(ofOwner, &f.owner)
	w.batch(b)
	err = errors.Join(w.err, tmp.Sync())
	if err == nil && !f.ours {
		if aside, err = f.setAside(); errors.Is(err, fs.ErrNotExist) {
			err = nil
		}
	}
	if err == nil {
		err = os.Rename(tmp.Name(), f.path)
	}
	if err != nil {
		return aside, errors.Join(err, tmp.Close(), os.Remove(tmp.Name()))
	}
	if f.f != nil {
		f.f.Close() // the old file has no name any more
	}
	f.f, f.ours, f.size, f.snapshot = tmp, true, w.size, w.size
	return aside, atomicfile.SyncDir(filepath.Dir(f.path))
}

// Append adds a batch and returns when it is durable.
func (f *File) Append(b *Batch) error {
	return f.append(func(w *writer) { w.batch(b) })
}

// Served notes, durably, that all that is durable is about to be shown.
func (f *File) Served() error {
	return f.append(func(w *writer) { w.record(ofServed) })
}

// append adds records behind what is whole.
func (f *File) append(records func(*writer)) error {
	if f.f == nil {
		return errors.New("no file was written yet")
	}
	if err := f.f.Truncate(f.size); err != nil { // what a failed write left
		return err
	}
	w := &writer{w: io.NewOffsetWriter(f.f, f.size)}
	records(w)
	if w.err != nil {
		return w.err
	}
	if err := f.f.Sync(); err != nil {
		return err
	}
	f.size += w.size
	return nil
}

// Outgrown tells that the journal is so long that a rewrite is due, or that
// there is no file yet.
func (f *File) Outgrown() bool {
	return f.f == nil || f.size > 2*f.snapshot+f.slack
}

// Close closes the file.
func (f *File) Close() error {
	if f.f == nil {
		return nil
	}
	return f.f.Close()
}
