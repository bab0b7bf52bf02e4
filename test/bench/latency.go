package main

import (
	"context"
	"slices"
	"time"
)

// written is when the sum of occurrences came to be what it was.
type written struct {
	sum int64
	at  time.Time
}

// pace writes at a steady pace and asks the subject all the time what it has
// counted: the latency of a write is from before it was made until an answer
// holds it, the asking included.
func (t *trial) pace(ctx context.Context) error {
	if t.steady == 0 || t.row.subject == "exporter+state" {
		return nil // which shows what is on the disk, every two seconds
	}
	writes := make(chan written, t.steady)
	failed := make(chan error, 1)
	// Who reads first needs no lock: the sums are on the channel.
	floor := t.want() - t.load.held
	go func() { failed <- t.writeSteadily(ctx, writes, floor) }()
	var latencies []time.Duration
	var seen int64
	for w := range writes {
		err := until(ctx, time.Millisecond, func() (bool, error) {
			if seen >= w.sum {
				return true, nil
			}
			r, err := t.subject.observe(ctx)
			seen = r.sum
			return seen >= w.sum, err
		})
		if err != nil {
			return err
		}
		latencies = append(latencies, time.Since(w.at))
	}
	t.row.p50, t.row.p99 = percentile(latencies, .5), percentile(latencies, .99)
	return <-failed
}

// writeSteadily tells of each write; offset is between the sum of all counts
// and what the subject is to say.
func (t *trial) writeSteadily(ctx context.Context, writes chan<- written, offset int64) error {
	defer close(writes)
	tick := time.NewTicker(time.Second / perSecond)
	defer tick.Stop()
	for range t.steady {
		select {
		case <-ctx.Done():
			return nil // the reader says it
		case <-tick.C:
		}
		at := time.Now()
		if err := t.load.write(1); err != nil {
			return err
		}
		writes <- written{t.load.held + offset, at}
	}
	return nil
}

func percentile(ds []time.Duration, p float64) time.Duration {
	if len(ds) == 0 {
		return 0
	}
	slices.Sort(ds)
	return ds[int(p*float64(len(ds)-1))]
}
