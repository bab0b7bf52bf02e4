package main

import (
	"context"
	"os"
	"runtime/debug"
	"runtime/metrics"
	"time"

	"github.com/kubebark/kubebark/internal/lifecycle"
)

// gcPercent is how much garbage there may be when it is collected, as a share
// of what the collector has to go through; Go's default is 100 percent of all
// that is live. What is waited for costs memory. See docs/performance.md.
const gcPercent = 40

// collectOften puts gcPercent in force, and has it paced by a part of the group.
// What the user has set by GOGC stays.
func collectOften(group *lifecycle.Group) {
	if os.Getenv("GOGC") != "" {
		return
	}
	debug.SetGCPercent(gcPercent)
	group.Add("memory", pace)
}

// pace keeps the collector's work for each byte of garbage what it is, however
// much of the memory are counts of names, in which there are no pointers to
// follow: a million of them need not leave room for garbage of their own.
func pace(ctx context.Context) error {
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
