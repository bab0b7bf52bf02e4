// Package clock gives a program that is written in Go a wall clock of its own,
// which steps when it is told to. The program itself is not changed but for a
// name: it then asks the kernel for the time instead of reading it from memory,
// and the kernel asks a [Clock] (seccomp's user notification). Its monotonic
// clock, by which timers go, is the machine's.
//
// [Launch] must be called first in TestMain: a program is started by way of the
// test's own executable.
package clock

import (
	"errors"
	"fmt"
	"os"
	"slices"
	"strings"

	"github.com/kubebark/kubebark/test/testbed"
)

// Environment of the test's executable when it is to become the program.
const (
	socketVar  = "KUBEBARK_CLOCK_SOCKET"
	programVar = "KUBEBARK_CLOCK_PROGRAM"
)

// Command returns the command that runs a patched program by this clock.
func (c *Clock) Command(of testbed.Command) (testbed.Command, error) {
	self, err := os.Executable()
	if err != nil {
		return of, fmt.Errorf("find the test's program: %w", err)
	}
	of.Env = append(slices.Clip(of.Env), socketVar+"="+c.socket(), programVar+"="+of.Path)
	of.Path = self
	return of, nil
}

// Launch becomes the program if that is what the executable was started for;
// then it does not return.
func Launch() {
	program := os.Getenv(programVar)
	if program == "" {
		return
	}
	env := slices.DeleteFunc(os.Environ(), func(v string) bool {
		return strings.HasPrefix(v, socketVar+"=") || strings.HasPrefix(v, programVar+"=")
	})
	err := become(os.Getenv(socketVar), program, append([]string{program}, os.Args[1:]...), env)
	fmt.Fprintln(os.Stderr, "clock:", err)
	os.Exit(1)
}

// ErrUnsupported tells that programs have no clocks of their own here: only Linux
// gives them any, and not where a container forbids it.
var ErrUnsupported = errors.New("a program has no clock of its own here")
