package eventlog

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/kubebark/kubebark/internal/atomicfile"
)

// stamp is what an old file has in its name: when it was set aside.
const stamp = "20060102T150405.000000000Z"

// file is an output that is rotated. Each write is one call of the system, so
// that whoever reads sees whole lines only; what a full disk leaves of a write
// is taken back.
//
// It is code of our own because no kept library does the larger part of it.
// Timberjack (1.4), which took lumberjack's place, does not append to a file that it
// begins: where a half-written line is taken back from it, or logrotate has copied and
// cut it, the next line comes behind a hole. It goes on in a file that was moved away,
// and once closed it rotates no more, so it cannot be told to follow. A line that is
// larger than a file may be it refuses, old files it keeps for days and no less, and
// what it cannot remove it tells standard error alone. Around it all that is here would
// stay but the renaming.
type file struct {
	path    string
	rotated func(to string)
	fault   func(error)

	mu sync.Mutex // guards f for sync, which others call
	f  *os.File   // nil after a rotation that failed half-way

	info  os.FileInfo
	size  int64
	begun time.Time // of the first line
	later time.Time // a rotation has failed, and is not tried again before
}

// rotateAgain is how long after a failure a rotation is tried again.
const rotateAgain = time.Minute

func openFile(path string, rotated func(string), fault func(error)) (*file, error) {
	f := &file{path: path, rotated: rotated, fault: fault}
	if err := f.open(); err != nil {
		return nil, err
	}
	if err := f.mend(); err != nil {
		return nil, errors.Join(fmt.Errorf("read %q: %w", path, err), f.f.Close())
	}
	return f, nil
}

// open opens what is under the name. Collectors that run as another user of the
// group can read it.
func (f *file) open() error {
	h, err := os.OpenFile(f.path, os.O_CREATE|os.O_APPEND|os.O_RDWR, 0o640) //nolint:gosec // the group is to read it
	if err != nil {
		return err
	}
	info, err := h.Stat()
	if err == nil && !info.Mode().IsRegular() {
		err = fmt.Errorf("%s is no regular file", f.path)
	}
	if err != nil {
		return errors.Join(err, h.Close())
	}
	f.use(h)
	f.info, f.size, f.begun = info, info.Size(), time.Now()
	return nil
}

func (f *file) use(h *os.File) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.f = h
}

// mend takes off the torn line that a crash in the middle of a write leaves,
// and learns how old the file is.
func (f *file) mend() error {
	lines, torn, err := lastLines(f.f, f.size)
	if err != nil {
		return err
	}
	switch {
	case len(torn) == 0:
	case strings.HasPrefix(string(torn), `{"timestamp":`):
		f.size -= int64(len(torn))
		if err := f.f.Truncate(f.size); err != nil {
			return err
		}
	default: // not ours to cut
		if _, err := f.f.Write([]byte("\n")); err != nil {
			return err
		}
		f.size++
	}
	if len(lines) > 0 {
		f.begun = firstTime(f.f, f.begun)
	}
	return nil
}

// write implements [output]: all of the lines are written, or none.
func (f *file) write(lines []byte, r *Rotation) (int, error) {
	if err := f.follow(); err != nil {
		return 0, err
	}
	if err := f.rotate(len(lines), r); err != nil {
		return 0, err
	}
	n, err := f.f.Write(lines)
	if err == nil {
		f.size += int64(n)
		return n, nil
	}
	if n > 0 {
		err = errors.Join(err, f.f.Truncate(f.size))
	}
	return 0, fmt.Errorf("write: %w", err)
}

// follow opens the file anew if another is under its name, or none: somebody
// rotates it for us. It also learns of a file that was cut.
func (f *file) follow() error {
	if f.f == nil {
		return f.open()
	}
	info, err := os.Stat(f.path)
	switch {
	case err == nil && os.SameFile(info, f.info):
		if info.Size() < f.size { // copied and cut
			f.size, f.begun = info.Size(), time.Now()
		}
		return nil
	case err != nil && !os.IsNotExist(err):
		return err
	}
	old := f.f
	if err := f.open(); err != nil {
		return err
	}
	return old.Close()
}

// rotate begins a new file where the old one is full or old, if it can.
func (f *file) rotate(more int, r *Rotation) error {
	if f.size == 0 || time.Now().Before(f.later) {
		return nil
	}
	full := r.MaxSizeMB > 0 && f.size+int64(more) > int64(r.MaxSizeMB)<<20
	old := r.MaxAge > 0 && time.Since(f.begun) > time.Duration(r.MaxAge)
	if !full && !old {
		return nil
	}
	to := f.aside(time.Now().UTC().Format(stamp))
	if err := errors.Join(f.f.Sync(), os.Rename(f.path, to)); err != nil {
		f.later = time.Now().Add(rotateAgain) // until then it is written on: too large is better than none
		f.fault(fmt.Errorf("rotate: %w", err))
		return nil
	}
	before := f.f
	f.use(nil)
	err := errors.Join(before.Close(), f.open())
	if err != nil {
		return fmt.Errorf("rotate: %w", err)
	}
	f.rotated(to)
	if err := errors.Join(atomicfile.SyncDir(filepath.Dir(f.path)), f.clear(r)); err != nil {
		f.fault(fmt.Errorf("clear away old files: %w", err))
	}
	return nil
}

// aside returns the name of an old file: events.jsonl, events-<when>.jsonl.
func (f *file) aside(when string) string {
	ext := filepath.Ext(f.path)
	return strings.TrimSuffix(f.path, ext) + "-" + when + ext
}

// olds returns the old files, the oldest first.
func (f *file) olds() ([]string, error) {
	entries, err := os.ReadDir(filepath.Dir(f.path))
	if err != nil {
		return nil, err
	}
	var names []string
	for _, e := range entries {
		name := filepath.Join(filepath.Dir(f.path), e.Name())
		if _, ok := f.when(name); ok && e.Type().IsRegular() {
			names = append(names, name)
		}
	}
	slices.Sort(names)
	return names, nil
}

// when returns the time in the name of an old file, if it is one.
func (f *file) when(name string) (time.Time, bool) {
	ext := filepath.Ext(f.path)
	s, ok := strings.CutPrefix(name, strings.TrimSuffix(filepath.Clean(f.path), ext)+"-")
	if !ok {
		return time.Time{}, false
	}
	s, ok = strings.CutSuffix(s, ext)
	t, err := time.Parse(stamp, s)
	return t, ok && err == nil
}

// clear removes old files that are too many or too old.
func (f *file) clear(r *Rotation) error {
	olds, err := f.olds()
	if err != nil {
		return err
	}
	var errs []error
	for i, name := range olds {
		t, _ := f.when(name) // it has one
		many := r.KeepFiles > 0 && i < len(olds)-r.KeepFiles
		old := r.KeepFor > 0 && time.Since(t) > time.Duration(r.KeepFor)
		if many || old {
			errs = append(errs, os.Remove(name))
		}
	}
	return errors.Join(errs...)
}

// sync makes what is written last. It may be called at any time.
func (f *file) sync() error {
	f.mu.Lock()
	h := f.f
	f.mu.Unlock()
	if h == nil {
		return nil
	}
	err := h.Sync()
	if errors.Is(err, os.ErrClosed) { // rotated, and synced before
		return nil
	}
	return err
}

func (f *file) close() error {
	if f.f == nil {
		return nil
	}
	return errors.Join(f.sync(), f.f.Close())
}
