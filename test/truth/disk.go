package truth

import (
	"context"
	"errors"
	"io/fs"
	"os"
	"sync"
	"time"

	"github.com/kubebark/kubebark/test/testbed"
)

// disk is what the exporter keeps its state on. It may be full, so that a write
// gets as far as there is room, or refuse all.
type disk struct {
	state    string // path of the state file
	exporter *exporter
	ledger   *ledger

	turn sync.Mutex // held while it fails: one fault at a time

	mu     sync.Mutex
	failed bool
	well   time.Time // since when it has not failed
}

// fail lets it fail for a while.
func (d *disk) fail(ctx context.Context, st step) error {
	d.turn.Lock()
	defer d.turn.Unlock()
	d.mu.Lock()
	d.failed, d.well = true, time.Time{}
	d.ledger.fail()
	d.mu.Unlock()
	size := int64(0)
	if st.Do == fullDisk {
		info, err := os.Stat(d.state)
		switch {
		case errors.Is(err, fs.ErrNotExist): // the exporter is not there yet
		case err != nil:
			return err
		default:
			size = info.Size() + int64(st.With)
		}
	}
	if err := d.exporter.limitFiles(uint64(size)); err != nil {
		return err
	}
	pause(ctx, st.For)
	err := d.exporter.limitFiles(testbed.NoLimit)
	d.mu.Lock()
	d.well = time.Now()
	d.mu.Unlock()
	return err
}

// wrote takes when the exporter last wrote: after that, all that it shows is on
// the disk.
func (d *disk) wrote(at time.Time) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.failed && !d.well.IsZero() && at.After(d.well) {
		d.failed = false
		d.ledger.heal()
	}
}
