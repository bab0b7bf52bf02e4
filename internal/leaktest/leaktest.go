// Package leaktest fails the tests of a package that leave goroutines behind:
// what was started must have been ended, and waited for.
package leaktest

import (
	"fmt"
	"net/http"
	"os"
	"runtime"
	"slices"
	"strings"
	"testing"
	"time"
)

// patience is how long a goroutine that was told to end may take for that.
const patience = 10 * time.Second

// Main runs the tests of a package and exits; a TestMain calls it. Where all pass
// but goroutines are left, these are printed and the exit status is 1. Those may
// stay whose stack has one of the texts in but: for transports, say, that a
// library keeps for the process.
func Main(m *testing.M, but ...string) {
	os.Exit(verify(m.Run(), patience, but))
}

// verify returns the exit status of tests that ended with the given one.
func verify(status int, patience time.Duration, but []string) int {
	if status != 0 {
		return status // what failed may have left anything
	}
	http.DefaultClient.CloseIdleConnections() // they are nobody's to end
	left := wait(patience, but)
	if len(left) == 0 {
		return 0
	}
	fmt.Fprintf(os.Stderr, "goroutines are left after the tests:\n\n%s\n", strings.Join(left, "\n\n"))
	return 1
}

// wait waits until no other goroutine is left, and returns the stacks of those
// that are when its patience is at an end.
func wait(patience time.Duration, but []string) []string {
	tick := time.NewTicker(10 * time.Millisecond)
	defer tick.Stop()
	for end := time.Now().Add(patience); ; <-tick.C {
		left := others(but)
		if len(left) == 0 || time.Now().After(end) {
			return left
		}
	}
}

// others returns the stacks of all goroutines but the one that calls it.
func others(but []string) []string {
	but = append([]string{"os/signal.loop()"}, but...) // once begun it never ends
	stacks := make([]byte, 1<<20)
	n := runtime.Stack(stacks, true)
	for n == len(stacks) {
		stacks = make([]byte, 2*len(stacks))
		n = runtime.Stack(stacks, true)
	}
	all := strings.Split(strings.TrimSpace(string(stacks[:n])), "\n\n")
	return slices.DeleteFunc(all[1:], func(stack string) bool { // the first is the caller's
		return slices.ContainsFunc(but, func(text string) bool { return strings.Contains(stack, text) })
	})
}
