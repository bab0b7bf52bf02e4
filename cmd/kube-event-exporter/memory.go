package main

import (
	"context"
	"os"
	"runtime/debug"
	"runtime/metrics"
	"time"
)

// gcPercent is how much garbage there may be when it is collected, as a share
// of what the collector has to go through; Go's default is 100 percent of all
// that is live. What is waited for costs memory. See docs/performance.md.
const gcPercent = 40

// collectOften puts gcPercent in force unless the user has set GOGC.
func collectOften() {
	if os.Getenv("GOGC") == "" {
		debug.SetGCPercent(gcPercent)
	}
}

// pace keeps the collector's work for each byte of garbage what it is, however
// much of the memory are counts of names, in which there are no pointers to
// follow: a million of them need not leave room for garbage of their own. What
// the user has set by GOGC stays. It is a part of the program.
func pace(ctx context.Context) error {
	if os.Getenv("GOGC") != "" {
		<-ctx.Done()
		return ctx.Err()
	}
	sizes := []metrics.Sample{{Name: "/gc/heap/live:bytes"}, {Name: "/gc/scan/heap:bytes"}}
	set := gcPercent
	tick := time.NewTicker(time.Second)
	defer tick.Stop()
	for {
		metrics.Read(sizes)
		if p := percent(sizes[0].Value.Uint64(), sizes[1].Value.Uint64()); p != set {
			set = p
			debug.SetGCPercent(set)
		}
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-tick.C:
		}
	}
}

// percent is the share of what is live that may be garbage where so much of it
// can hold pointers.
func percent(live, scanned uint64) int {
	const least = 10 // the collector has costs of its own
	if scanned >= live {
		return gcPercent
	}
	return max(least, int(gcPercent*scanned/live)) //nolint:gosec // at most gcPercent
}
