package eventlog

import (
	"context"
	"time"

	"github.com/kubebark/kubebark/exporter/eventlog/record"
	"github.com/kubebark/kubebark/exporter/occurrence"
)

// Outcome is what look-ups about an object came to.
type Outcome string

// The outcomes. A record with any but the first lacks something.
const (
	Complete  Outcome = "complete"
	Gone      Outcome = "gone"      // there is no such object any more
	Forbidden Outcome = "forbidden" // something may not be seen
	Late      Outcome = "late"      // no answer in time, or no budget
	Unknown   Outcome = "unknown"   // a kind that is not looked up
	Failed    Outcome = "error"
)

// Enricher looks an object up and puts what it finds into its record. It
// returns when ctx is done at the latest.
type Enricher interface {
	Enrich(ctx context.Context, o *occurrence.Object, r *record.Record) Outcome
}

// enrich gives look-ups as long as the record's time allows. With the API
// server hung the first record waits, and those that came meanwhile go out at
// once: all are as late as one, and no more.
func (l *Log) enrich(ctx context.Context, i *item, r *record.Record) {
	s := l.settings.Load()
	if s.enricher == nil {
		return
	}
	ctx, cancel := context.WithDeadline(ctx, i.at.Add(time.Duration(s.config.Enrichment.Timeout)))
	defer cancel()
	outcome := s.enricher.Enrich(ctx, &i.o.Object, r)
	r.Enriched = string(outcome)
	l.metrics.enriched.WithLabelValues(string(outcome)).Inc()
}
