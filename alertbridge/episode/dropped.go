package episode

import (
	"sync"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/kubebark/kubebark/exporter/occurrence"
)

// maxDropped is how many label sets there may be, for whoever may write events
// makes reasons up; what is past them has the reason _other.
const maxDropped = 1000

// dropped counts the occurrences that a rule drops.
type dropped struct {
	desc *prometheus.Desc

	mu     sync.Mutex
	delay  time.Duration // after its first scrape a label set shows 0 for so long
	counts map[dropKey]*dropCount
}

type dropKey struct{ reason, namespace string }

type dropCount struct {
	n     int64
	shown time.Time // first; zero before
}

func newDropped() *dropped {
	return &dropped{
		desc: prometheus.NewDesc(namespace+"_dropped_occurrences_total", "Occurrences that a rule dropped, so that they made no alert.",
			[]string{"reason", "namespace"}, nil),
		counts: make(map[dropKey]*dropCount),
	}
}

// hold sets how long a new label set shows 0.
func (d *dropped) hold(delay time.Duration) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.delay = delay
}

// add counts what is new of an occurrence.
func (d *dropped) add(o *occurrence.Occurrence) {
	if o.New <= 0 {
		return
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	key := dropKey{reason: o.Reason, namespace: o.Object.Namespace}
	c := d.counts[key]
	if c == nil && len(d.counts) >= maxDropped {
		key = dropKey{reason: "_other"}
		c = d.counts[key]
	}
	if c == nil {
		c = new(dropCount)
		d.counts[key] = c
	}
	c.n += o.New
}

// Describe implements prometheus.Collector.
func (d *dropped) Describe(ch chan<- *prometheus.Desc) { ch <- d.desc }

// Collect implements prometheus.Collector.
func (d *dropped) Collect(ch chan<- prometheus.Metric) {
	d.mu.Lock()
	defer d.mu.Unlock()
	now := time.Now()
	for key, c := range d.counts {
		if c.shown.IsZero() {
			c.shown = now
		}
		n := c.n
		if now.Sub(c.shown) < d.delay {
			n = 0 // else nobody would see it increase
		}
		ch <- prometheus.MustNewConstMetric(d.desc, prometheus.CounterValue, float64(n), key.reason, key.namespace)
	}
}
