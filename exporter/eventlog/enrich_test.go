package eventlog

import (
	"context"
	"errors"
	"testing"
	"testing/synctest"
	"time"

	"github.com/go-kit/log"
	"github.com/prometheus/client_golang/prometheus"

	"github.com/kubebark/kubebark/exporter/eventlog/record"
	"github.com/kubebark/kubebark/exporter/occurrence"
)

// asker is an enricher that takes its time.
type asker struct{ takes time.Duration }

func (a asker) Enrich(ctx context.Context, _ *occurrence.Object, r *record.Record) Outcome {
	select {
	case <-ctx.Done():
		return Late
	case <-time.After(a.takes):
		r.Zone = "z"
		return Complete
	}
}

// TestEnrichment: with a hung API server all records go out after the timeout
// at the latest, together, and nobody else waits.
func TestEnrichment(t *testing.T) {
	for _, tt := range []struct {
		takes time.Duration
		want  Outcome
		after time.Duration
	}{{time.Millisecond, Complete, 100 * time.Millisecond}, {time.Hour, Late, 3 * time.Second}} {
		t.Run(string(tt.want), func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				d := new(disk)
				f := open(t, "-", func(o *Options) {
					o.Config.Enrichment.Zone = true
					o.Enricher = func(*Enrichment) (Enricher, error) { return asker{tt.takes}, nil }
				})
				f.lines.out = d
				f.run()
				for n := range int64(100) {
					f.Observe(event("a", n+1))
				}
				time.Sleep(tt.after)
				synctest.Wait()
				rs := parse(t, d.written())
				if len(rs) != 100 || rs[99].Enriched != string(tt.want) || (rs[99].Zone == "z") != (tt.want == Complete) {
					t.Errorf("%d records, the last %+v", len(rs), rs[len(rs)-1])
				}
				f.metric(f.metrics.enriched.WithLabelValues(string(tt.want)), 100)
			})
		})
	}
	_, err := New(Options{Path: "-", Logger: log.NewNopLogger(), Registerer: prometheus.NewRegistry(), Settings: Settings{
		Config: Config{Enrichment: Enrichment{Zone: true}}, Enricher: func(*Enrichment) (Enricher, error) { return nil, errors.New("no") },
	}})
	if err == nil {
		t.Error("an enricher that cannot be made is no error")
	}
}
