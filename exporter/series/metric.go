package series

import (
	"cmp"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	dto "github.com/prometheus/client_model/go"
	"google.golang.org/protobuf/types/known/timestamppb"
)

// families describe the two families, whose labels are the same: those that
// any series of a scrape has.
type families struct {
	shape             shape
	occurrences, last *prometheus.Desc
}

func newFamilies(s shape) *families {
	var names []string
	for _, l := range s.labels(new(Key)) {
		names = append(names, l.GetName())
	}
	return &families{
		shape: s,
		occurrences: prometheus.NewDesc("kube_event_occurrences_total",
			"Occurrences of Kubernetes events, repeats included.", names, nil),
		last: prometheus.NewDesc("kube_event_last_occurrence_timestamp_seconds",
			"Time of the latest occurrence.", names, nil),
	}
}

// labels returns a label set as the registry wants it: sorted by name.
func (s shape) labels(k *Key) []*dto.LabelPair {
	ls := make([]*dto.LabelPair, 0, 7)
	add := func(name, value string) { ls = append(ls, &dto.LabelPair{Name: &name, Value: &value}) }
	add("component", k.Component)
	if s.host {
		add(string(LabelHost), k.Host)
	}
	add("kind", k.Kind)
	add("namespace", k.Namespace)
	add("reason", k.Reason)
	add("type", k.Type)
	if s.workload {
		add(string(LabelWorkload), k.Workload)
	}
	return ls
}

// face is what stays the same of a series from scrape to scrape. It is kept, for
// making it anew each time would be most of what a scrape costs.
type face struct {
	key      Key
	families *families
	labels   []*dto.LabelPair
	created  *timestamppb.Timestamp
}

func newFace(f *families, k *Key, created time.Time) *face {
	return &face{key: *k, families: f, labels: f.shape.labels(k), created: timestamppb.New(created)}
}

// compare orders label sets as the registry does, by the values of the labels
// sorted by name. What comes to it in order it need not sort, and it sorts each
// family by itself.
func (a *face) compare(b *face) int {
	return cmp.Or(
		cmp.Compare(a.key.Component, b.key.Component), cmp.Compare(a.key.Host, b.key.Host),
		cmp.Compare(a.key.Kind, b.key.Kind), cmp.Compare(a.key.Namespace, b.key.Namespace),
		cmp.Compare(a.key.Reason, b.key.Reason), cmp.Compare(a.key.Type, b.key.Type),
		cmp.Compare(a.key.Workload, b.key.Workload),
	)
}

// counter is the sample of kube_event_occurrences_total.
type counter struct{ *sample }

func (c counter) Desc() *prometheus.Desc { return c.face.families.occurrences }

func (c counter) Write(out *dto.Metric) error {
	v := float64(c.shown)
	out.Label = c.face.labels
	out.Counter = &dto.Counter{Value: &v, CreatedTimestamp: c.face.created}
	return nil
}

// gauge is the sample of kube_event_last_occurrence_timestamp_seconds.
type gauge struct{ *sample }

func (g gauge) Desc() *prometheus.Desc { return g.face.families.last }

func (g gauge) Write(out *dto.Metric) error {
	v := seconds(g.last)
	out.Label = g.face.labels
	out.Gauge = &dto.Gauge{Value: &v}
	return nil
}

func seconds(t time.Time) float64 {
	if t.IsZero() {
		return 0
	}
	return float64(t.UnixMilli()) / 1000
}
