// Package checkpoint keeps the exporter's state in a file, so that counting
// goes on over a restart, also one by SIGKILL or a power cut.
//
// The file is a snapshot with a journal behind it. A [Batch] is a consistent
// cut: the counts of events and the values of counters that have changed since
// the last one. It is appended and synced every few seconds, and counts only
// whole: a torn end is what a crash in the middle leaves, and is dropped. When
// the journal has outgrown the snapshot a new file replaces the old one.
//
// A file that is damaged, of another cluster or of a later version is set aside
// under another name and never overwritten.
package checkpoint

import (
	"time"

	"github.com/kubebark/kubebark/exporter/count"
	"github.com/kubebark/kubebark/exporter/series"
)

// Owner says whose a state is.
type Owner struct {
	// Cluster tells clusters apart; counts of one mean nothing in another.
	Cluster string
	// Target is what Prometheus scrapes: the pod or the host. Another target
	// has series of its own there, so its counters begin at 0.
	Target string
	// Shard is the part of the cluster that is watched.
	Shard string
}

// Batch is what has changed since the last one.
type Batch struct {
	Streams map[string]Stream // by namespace
	Series  []series.State
}

// Stream is what is remembered of one watch.
type Stream struct {
	Since time.Time // when its watch without a gap began
	// Forgotten is the latest end of an object that is not among the names any
	// more.
	Forgotten time.Time
	Names     []count.State
}

// Empty tells that nothing has changed.
func (b *Batch) Empty() bool {
	for _, s := range b.Streams {
		if len(s.Names) > 0 {
			return false
		}
	}
	return len(b.Series) == 0
}

// State is all that a file holds.
type State struct {
	Owner   Owner
	Streams map[string]Stream
	Series  map[series.Key]series.State
}

// apply puts a batch over the state.
func (s *State) apply(b *Batch, names map[string]map[uint64]count.State) {
	for ns, st := range b.Streams {
		if names[ns] == nil {
			names[ns] = make(map[uint64]count.State)
		}
		if !st.Since.Equal(s.Streams[ns].Since) && !st.Since.IsZero() {
			clear(names[ns]) // the watch began anew
		}
		if !st.Since.IsZero() {
			s.Streams[ns] = Stream{Since: st.Since, Forgotten: st.Forgotten}
		}
		for _, n := range st.Names {
			names[ns][n.Key] = n
		}
	}
	for _, sr := range b.Series {
		sr.Served = s.Series[sr.Key].Served
		if !sr.Created.Equal(s.Series[sr.Key].Created) {
			sr.Served = 0 // it went away and came back
		}
		s.Series[sr.Key] = sr
	}
}

// served notes that all that was durable has been shown.
func (s *State) served() {
	for k, sr := range s.Series {
		if sr.Mature {
			sr.Served = sr.Value
			s.Series[k] = sr
		}
	}
}
