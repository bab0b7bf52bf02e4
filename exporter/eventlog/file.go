package eventlog

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"time"

	"github.com/DeRuina/timberjack"

	"github.com/kubebark/kubebark/internal/atomicfile"
)

// stamp is what an old file has in its name: when it was set aside.
const stamp = "20060102T150405.000000000Z"

// file is an output that is rotated. Each write is one call of the system, so
// that whoever reads sees whole lines only; what a full disk leaves of a write
// is taken back.
//
// Timberjack sets a file aside that is full or old, begins the next and removes old
// ones. It does not write: it appends to no file that it has begun, so that behind a
// half-written line that was taken back, or a logrotate that copies and cuts, would be a
// hole; it goes on in a file that was moved away, and refuses a line that is larger than
// a file may be.
type file struct {
	path    string
	rotated func(why string)
	fault   func(error)

	mu sync.Mutex // guards f for sync, which others call
	f  *os.File

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

// follow opens the file anew if another is under its name, or none: it was set aside,
// by us or by somebody else. It also learns of a file that was cut.
func (f *file) follow() error {
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
	failed := old.Sync() // before sync knows the next one alone
	if err := f.open(); err != nil {
		return err
	}
	return errors.Join(failed, old.Close())
}

// rotate begins a new file where the old one is full or old, if it can.
func (f *file) rotate(more int, r *Rotation) error {
	now := time.Now()
	if f.size == 0 || now.Before(f.later) {
		return nil
	}
	var why string
	switch {
	case r.MaxSizeMB > 0 && f.size+int64(more) > int64(r.MaxSizeMB)<<20:
		why = "size"
	case r.MaxAge > 0 && now.Sub(f.begun) > time.Duration(r.MaxAge):
		why = "age"
	default:
		return nil
	}
	// The next file is given the mode and the owner that this one has.
	l := &timberjack.Logger{Filename: f.path, BackupTimeFormat: stamp, MaxBackups: r.KeepFiles, MaxAge: r.keepDays()}
	if err := errors.Join(l.RotateWithReason(why), l.Close()); err != nil { // closed, it has removed what it is to remove
		f.later = now.Add(rotateAgain) // until then it is written on: too large is better than none
		f.fault(fmt.Errorf("rotate: %w", err))
		return nil
	}
	if err := f.follow(); err != nil {
		return fmt.Errorf("rotate: %w", err)
	}
	f.rotated(why)
	if err := errors.Join(atomicfile.SyncDir(filepath.Dir(f.path)), f.cleared(r, now)); err != nil {
		f.fault(fmt.Errorf("clear away old files: %w", err))
	}
	return nil
}

// cleared is an error if old files are left that are too many or were too old at a given
// time: what timberjack cannot remove it tells standard error alone.
func (f *file) cleared(r *Rotation, at time.Time) error {
	olds, err := f.olds()
	if err != nil || len(olds) == 0 {
		return err
	}
	many := r.KeepFiles > 0 && len(olds) > r.KeepFiles
	aged := r.KeepFor > 0 && at.Sub(olds[0].when) > time.Duration(r.keepDays())*day
	if many || aged {
		return fmt.Errorf("%s is still there, and standard error has why", olds[0].name)
	}
	return nil
}

// old is an old file: events.jsonl, events-<when>-<why>.jsonl.
type old struct {
	name string
	when time.Time
}

// olds returns the old files, the oldest first.
func (f *file) olds() ([]old, error) {
	dir := filepath.Dir(f.path)
	entries, err := os.ReadDir(dir) // by name
	if err != nil {
		return nil, err
	}
	ext := filepath.Ext(f.path)
	stem := strings.TrimSuffix(filepath.Base(f.path), ext) + "-"
	var all []old
	for _, e := range entries {
		s, ok := strings.CutPrefix(e.Name(), stem)
		s, whole := strings.CutSuffix(s, ext)
		s, _, why := strings.Cut(s, "-")
		if t, err := time.Parse(stamp, s); ok && whole && why && err == nil && e.Type().IsRegular() {
			all = append(all, old{filepath.Join(dir, e.Name()), t})
		}
	}
	return all, nil
}

// sync makes what is written last. It may be called at any time.
func (f *file) sync() error {
	f.mu.Lock()
	h := f.f
	f.mu.Unlock()
	err := h.Sync()
	if errors.Is(err, os.ErrClosed) { // rotated, and synced before
		return nil
	}
	return err
}

func (f *file) close() error {
	return errors.Join(f.sync(), f.f.Close())
}
