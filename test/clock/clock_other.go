//go:build !linux

package clock

import "time"

// Clock is a wall clock, which there is on Linux only.
type Clock struct{}

// New fails.
func New(string, string) (*Clock, error) { return nil, ErrUnsupported }

// Step does nothing.
func (*Clock) Step(time.Duration) {}

// Close does nothing.
func (*Clock) Close() {}

// Patch fails.
func Patch(string) error { return ErrUnsupported }

func (*Clock) socket() string { return "" }

func become(string, string, []string, []string) error { return ErrUnsupported }
