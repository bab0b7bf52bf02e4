package main

import (
	"os"
	"runtime/debug"
)

// gcPercent is how much garbage there may be, as a share of what is live, when
// it is collected; Go's default is 100. Most of what is live are the counts of
// names, in which the collector finds no pointers to follow: to go over it more
// often costs little, and what is waited for costs memory. See
// docs/performance.md for both.
const gcPercent = 40

// collectOften puts gcPercent in force unless the user has set GOGC.
func collectOften() {
	if os.Getenv("GOGC") == "" {
		debug.SetGCPercent(gcPercent)
	}
}
