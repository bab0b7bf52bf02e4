package series

import (
	"slices"
	"time"

	"github.com/prometheus/client_golang/prometheus"
)

// Describe implements [prometheus.Collector].
func (s *Store) Describe(ch chan<- *prometheus.Desc) {
	s.mu.Lock()
	f := s.families
	s.mu.Unlock()
	for _, d := range []*prometheus.Desc{f.occurrences, f.last, s.count, s.limit} {
		ch <- d
	}
	s.dropped.Describe(ch)
}

// Collect implements [prometheus.Collector]. It is what a scrape calls: the
// delay of a new series runs from its first call.
func (s *Store) Collect(ch chan<- prometheus.Metric) {
	v := s.serve(time.Now())
	slices.SortFunc(v.samples, func(a, b sample) int { return a.face.compare(b.face) })
	for i := range v.samples {
		ch <- counter{&v.samples[i]}
		ch <- gauge{&v.samples[i]}
	}
	ch <- prometheus.MustNewConstMetric(s.count, prometheus.GaugeValue, float64(v.series))
	ch <- prometheus.MustNewConstMetric(s.limit, prometheus.GaugeValue, float64(v.limit))
	s.dropped.Collect(ch)
}

// view is what a scrape shows: all of it true at one moment.
type view struct {
	samples       []sample
	series, limit int
}

// sample is what a scrape shows of a series.
type sample struct {
	face  *face
	shown int64
	last  time.Time
}

// view copies values under the lock and does no more: neither what is made of
// them nor a slow receiver may hold up counting.
func (s *Store) view(now time.Time) *view {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.expire(now)
	v := &view{series: len(s.series), limit: s.cfg.Limit}
	if s.durability.hidden {
		return v
	}
	s.unite()
	v.samples = make([]sample, 0, len(s.series)+len(s.overflow))
	for _, m := range []map[Key]*series{s.series, s.overflow} {
		for k, sr := range m {
			if s.show(&k, sr, now) {
				v.samples = append(v.samples, sample{sr.face, sr.shown, sr.last})
			}
		}
	}
	return v
}

// unite finds the labels that any of the series has, be it from an earlier
// choice.
func (s *Store) unite() {
	all := s.shape
	for k := range s.series {
		all = all.and(k.shape())
	}
	if all != s.families.shape {
		s.families = newFamilies(all)
	}
}

// show brings what a scrape gets of a series up to date. It tells whether it
// gets the series at all.
func (s *Store) show(k *Key, sr *series, now time.Time) bool {
	if s.durability.on && !s.live && !sr.stored {
		// One under its key may have been shown before and have expired. Were
		// this one's 0 shown now, a crash could bring the old value back.
		return false
	}
	switch {
	case sr.scraped.IsZero():
		sr.scraped = now
	case !sr.mature && now.Sub(sr.scraped) >= time.Duration(s.cfg.NewSeriesDelay):
		sr.mature = true
		s.touch(*k)
	}
	if sr.face == nil || sr.face.families != s.families {
		sr.face = newFace(s.families, k, sr.created)
	}
	// Never less than before: after a time in which live values were shown, what
	// is durable may be behind them.
	switch {
	case !s.durability.on || s.live:
		if sr.mature {
			sr.shown = max(sr.shown, sr.value)
		}
	case sr.durableMature:
		sr.shown = max(sr.shown, sr.durable)
	}
	return true
}
