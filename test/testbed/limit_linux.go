package testbed

import (
	"fmt"

	"golang.org/x/sys/unix"
)

// NoLimit lets a process write files of any size.
const NoLimit = unix.RLIM_INFINITY

// LimitFiles lets the process write no file beyond so many bytes, so that to it
// the disk is full, also in the middle of a write. [NoLimit] lifts the limit.
func (p *Process) LimitFiles(bytes uint64) error {
	var old unix.Rlimit
	if err := unix.Prlimit(p.Pid(), unix.RLIMIT_FSIZE, nil, &old); err != nil {
		return fmt.Errorf("limit files of %s: %w", p.name, err)
	}
	if err := unix.Prlimit(p.Pid(), unix.RLIMIT_FSIZE, &unix.Rlimit{Cur: min(bytes, old.Max), Max: old.Max}, nil); err != nil {
		return fmt.Errorf("limit files of %s: %w", p.name, err)
	}
	return nil
}
