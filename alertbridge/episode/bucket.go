package episode

import (
	"hash/maphash"
	"time"

	"github.com/kubebark/kubebark/exporter/occurrence"
	"github.com/kubebark/kubebark/internal/table"
)

// What client-go's event correlator allows each source for each object and
// type, whatever the reason: a burst, and then one write now and then.
const (
	bucketBurst  = 25
	bucketRefill = 5 * time.Minute
	// maxBuckets bounds how many are remembered; at least half of it are.
	maxBuckets = 16384
)

// buckets models the recorders' spam filters from the writes that are seen, so
// as to know when the silence of one reason says nothing, because another one
// has used up what may be written.
//
// When the young ones are as many as may be, they become the old ones, and what
// was old and has not been written to since is forgotten. No pointers are in
// it, so that the garbage collector has nothing to look through.
type buckets struct {
	refill     time.Duration
	seed       maphash.Seed
	young, old table.Map[bucket] // by hash of their filler
}

// filler is who fills a bucket.
type filler struct{ component, host, kind, typ, namespace, name, uid string }

// hash is where the bucket is that an occurrence's writer fills. Each event comes
// by here: a hash keeps no strings alive, and in a collision a bucket is but
// emptier than it might be.
func (b *buckets) hash(o *occurrence.Occurrence) uint64 {
	return maphash.Comparable(b.seed, filler{
		component: o.Component, host: o.Host, typ: o.Type,
		kind: o.Object.Kind, namespace: o.Object.Namespace, name: o.Object.Name, uid: o.Object.UID,
	})
}

// bucket is what a bucket holds, as the time in Unix nanoseconds at which it
// would have been empty had it only been filled since.
type bucket int64

func newBuckets(refill time.Duration) *buckets {
	return &buckets{refill: refill, seed: maphash.MakeSeed()}
}

// get returns a bucket as it was at its last write, full if there was none.
func (b *buckets) get(k uint64, at int64) bucket {
	if c, ok := b.young.Get(k); ok {
		return c
	}
	if b.young.Len() >= maxBuckets/2 {
		b.young, b.old = table.Map[bucket]{}, b.young
	}
	if c, ok := b.old.Get(k); ok {
		return c
	}
	return bucket(at - bucketBurst*int64(b.refill))
}

// write takes a write into account and tells whether it emptied the bucket, as
// far as we know. We know less than is true: the bucket may have been used
// before we looked.
func (b *buckets) write(o *occurrence.Occurrence) (empty bool) {
	if o.SeriesRecorder || o.History() {
		return false
	}
	k, now := b.hash(o), o.At.UnixNano()
	held := min(now-int64(b.get(k, now)), bucketBurst*int64(b.refill)) - int64(b.refill)
	// A jump of the count means that the filter held the ones between back.
	if held < 0 || o.New > 1 && o.Counted && o.Origin != occurrence.Listed && !o.Inexact {
		held = 0
	}
	b.young.Set(k, bucket(now-held))
	return held < int64(b.refill)
}
