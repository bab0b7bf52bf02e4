//go:build !linux

package testbed

import (
	"errors"
	"math"
)

// NoLimit lets a process write files of any size.
const NoLimit = math.MaxUint64

// LimitFiles is for Linux alone.
func (p *Process) LimitFiles(uint64) error {
	return errors.New("only Linux can limit the files of a running process")
}
