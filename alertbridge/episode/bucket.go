package episode

import (
	"time"

	"github.com/cespare/xxhash/v2"
	lru "github.com/hashicorp/golang-lru/v2/simplelru"

	"github.com/kubebark/kubebark/exporter/occurrence"
)

// What client-go's event correlator allows each source for each object and
// type, whatever the reason: a burst, and then one write now and then.
const (
	bucketBurst  = 25
	bucketRefill = 5 * time.Minute
	maxBuckets   = 16384
)

// buckets models the recorders' spam filters from the writes that are seen, so
// as to know when the silence of one reason says nothing, because another one
// has used up what may be written.
type buckets struct {
	refill time.Duration
	lru    *lru.LRU[uint64, *bucket] // by bucketOf
}

// bucketOf is a hash of who fills a bucket, for each event comes by here: it
// keeps no strings alive, and in a collision a bucket is but emptier than it
// might be.
func bucketOf(o *occurrence.Occurrence) uint64 {
	var d xxhash.Digest
	d.Reset()
	for _, s := range [...]string{
		o.Component, o.Host, o.Type, o.Object.Kind, o.Object.Namespace, o.Object.Name, o.Object.UID,
	} {
		_, _ = d.WriteString(s) // never fails
		_, _ = d.WriteString("\x00")
	}
	return d.Sum64()
}

type bucket struct {
	tokens float64
	at     time.Time
}

func newBuckets(refill time.Duration) *buckets {
	l, err := lru.NewLRU[uint64, *bucket](maxBuckets, nil)
	if err != nil {
		return &buckets{refill: refill} // only a size below 1 is refused
	}
	return &buckets{refill: refill, lru: l}
}

// write takes a write into account and tells whether it emptied the bucket, as
// far as we know. We know less than is true: the bucket may have been used
// before we looked.
func (b *buckets) write(o *occurrence.Occurrence) (empty bool) {
	if o.SeriesRecorder || o.History() || b.lru == nil {
		return false
	}
	k := bucketOf(o)
	c, ok := b.lru.Get(k)
	if !ok {
		c = &bucket{tokens: bucketBurst, at: o.At}
		b.lru.Add(k, c)
	}
	c.tokens += float64(o.At.Sub(c.at)) / float64(b.refill)
	c.tokens, c.at = min(c.tokens, bucketBurst)-1, o.At
	// A jump of the count means that the filter held the ones between back.
	if c.tokens < 0 || o.New > 1 && o.Counted && o.Origin != occurrence.Listed && !o.Inexact {
		c.tokens = 0
	}
	return c.tokens < 1
}
