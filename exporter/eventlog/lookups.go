package eventlog

import (
	"context"
	"errors"
	"time"

	"github.com/go-kit/log"
	"k8s.io/client-go/rest"

	"github.com/kubebark/kubebark/exporter/eventlog/record"
	"github.com/kubebark/kubebark/exporter/lookup"
	"github.com/kubebark/kubebark/exporter/occurrence"
)

// Lookups returns what makes an [Enricher] that asks the API server, with a
// budget and a memory of its own.
func Lookups(client rest.Interface, logger log.Logger, m *lookup.Metrics) func(*Enrichment) (Enricher, error) {
	return func(e *Enrichment) (Enricher, error) {
		return lookups{lookup.New(lookup.Options{
			REST: client, Logger: logger, Metrics: m, QPS: float32(e.QPS), Burst: e.Burst, Timeout: time.Duration(e.Timeout),
			Wanted: lookup.Wanted{Labels: e.Labels, Annotations: e.Annotations, Owners: e.Owners, Pod: e.Pod, Zone: e.Zone},
		})}, nil
	}
}

type lookups struct{ client *lookup.Client }

// Enrich implements [Enricher].
func (l lookups) Enrich(ctx context.Context, o *occurrence.Object, r *record.Record) Outcome {
	d, err := l.client.Describe(ctx, o)
	r.Labels, r.Annotations = d.Labels, d.Annotations
	r.PodIP, r.Zone, r.Image = d.PodIP, d.Zone, record.ImageOf(d.Image)
	if d.HostIP != "" {
		r.HostIPs = []string{d.HostIP}
	}
	if d.Node != "" {
		r.Node = d.Node
	}
	owners := make([]record.Owner, len(d.Owners))
	for i := range d.Owners {
		owners[i] = record.Owner{Kind: d.Owners[i].Kind, Name: d.Owners[i].Name, UID: d.Owners[i].UID}
	}
	r.Own(owners)
	switch {
	case err == nil:
		return Complete
	case errors.Is(err, lookup.ErrGone):
		return Gone
	case errors.Is(err, lookup.ErrForbidden):
		return Forbidden
	case errors.Is(err, lookup.ErrLate):
		return Late
	case errors.Is(err, lookup.ErrUnknown):
		return Unknown
	}
	return Failed
}
