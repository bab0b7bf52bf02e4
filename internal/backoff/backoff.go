// Package backoff spaces out tries of what keeps failing.
package backoff

import (
	"context"
	"math/rand/v2"
	"time"
)

// Backoff gives waits that double from Min to Max, each at random between a
// half and the whole of it, so that many clients do not come back at once. It
// is not safe for concurrent use.
type Backoff struct {
	Min, Max time.Duration

	next time.Duration
}

// Next returns how long to wait before the next try.
func (b *Backoff) Next() time.Duration {
	d := min(max(b.next, b.Min), b.Max)
	b.next = 2 * d
	return d/2 + rand.N(d/2+1) //nolint:gosec // spacing needs no secrecy
}

// Reset tells that a try has succeeded.
func (b *Backoff) Reset() { b.next = 0 }

// Sleep waits for d, or until ctx is done, which it returns the error of.
func Sleep(ctx context.Context, d time.Duration) error {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-ctx.Done():
		return ctx.Err()
	case <-t.C:
		return nil
	}
}
