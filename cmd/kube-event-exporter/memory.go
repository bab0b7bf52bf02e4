package main

import (
	"context"
	"os"
	"runtime"
	"runtime/debug"
	"runtime/metrics"
	"time"

	"github.com/kubebark/kubebark/internal/lifecycle"
)

// processors is how many run Go code at once. One reads 100,000 events in a second;
// each more keeps memory at hand for itself, on a node of 16 together 1.5 MiB, and
// has the collector make haste for nothing.
const processors = 1

// How much garbage there may be when it is collected, as a share of what the
// collector has to go through; Go's default is 100 percent of all that is live.
// What is waited for costs memory. See docs/performance.md.
const (
	busyPercent = 20
	// largePercent is in force where there is so much to go through that the
	// processor's caches do not hold it: each byte of it takes longer then.
	largePercent = 60
	largeScan    = 12 << 20 // bytes
	// calmPercent is in force while collections are rare: that they come more
	// often costs nothing then.
	calmPercent = 15
	// The least of all that is live, for a collector has costs of its own.
	leastBusy, leastCalm = 10, 5

	paceEvery = 250 * time.Millisecond
	// calmCycles is how many collections in that time are rare.
	calmCycles = 2
)

// spareMemory has Go's runtime take little, and the collector paced by a part of the
// group. What the user has set by GOMAXPROCS or GOGC stays.
func spareMemory(group *lifecycle.Group) {
	if os.Getenv("GOMAXPROCS") == "" {
		runtime.GOMAXPROCS(processors)
	}
	if os.Getenv("GOGC") != "" {
		return
	}
	debug.SetGCPercent(busyPercent)
	group.Add("memory", pace)
}

// pace keeps the collector's work for each byte of garbage what it is, however
// much of the memory are counts of names, in which there are no pointers to
// follow: a million of them need not leave room for garbage of their own.
func pace(ctx context.Context) error {
	read := []metrics.Sample{{Name: "/gc/heap/live:bytes"}, {Name: "/gc/scan/heap:bytes"}, {Name: "/gc/cycles/total:gc-cycles"}}
	set, before := busyPercent, uint64(0)
	tick := time.NewTicker(paceEvery)
	defer tick.Stop()
	for {
		metrics.Read(read)
		live, scanned, cycles := read[0].Value.Uint64(), read[1].Value.Uint64(), read[2].Value.Uint64()
		if p := percent(live, scanned, cycles-before); p != set {
			set = p
			debug.SetGCPercent(set)
		}
		before = cycles
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-tick.C:
		}
	}
}

// percent is the share of what is live that may be garbage where so much of it
// can hold pointers, and so many collections have come of late.
func percent(live, scanned, cycles uint64) int {
	p, least := uint64(busyPercent), uint64(leastBusy)
	if scanned > largeScan {
		p = largePercent
	}
	if cycles <= calmCycles {
		p, least = calmPercent, leastCalm
	}
	if scanned < live {
		p = max(least, p*scanned/live)
	}
	return int(p)
}
