package series

import (
	"time"

	"github.com/prometheus/client_golang/prometheus"
)

// Describe implements [prometheus.Collector].
func (s *Store) Describe(ch chan<- *prometheus.Desc) {
	for _, d := range []*prometheus.Desc{s.occurrences, s.last, s.count, s.limit} {
		ch <- d
	}
	s.dropped.Describe(ch)
}

// Collect implements [prometheus.Collector]. It is what a scrape calls: the
// delay of a new series runs from its first call.
func (s *Store) Collect(ch chan<- prometheus.Metric) {
	ms := s.serve(time.Now())
	for _, m := range ms {
		ch <- m
	}
	s.dropped.Collect(ch)
}

// snapshot makes all metrics under the lock but sends none: a slow receiver
// must not hold up counting.
func (s *Store) snapshot(now time.Time) []prometheus.Metric {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.expire(now)
	ms := make([]prometheus.Metric, 0, 2*(len(s.series)+len(s.overflow))+2)
	for _, m := range []map[Key]*series{s.series, s.overflow} {
		if s.durability.hidden {
			break
		}
		for k, sr := range m {
			ms = s.append(ms, k, sr, now)
		}
	}
	return append(ms,
		prometheus.MustNewConstMetric(s.count, prometheus.GaugeValue, float64(len(s.series))),
		prometheus.MustNewConstMetric(s.limit, prometheus.GaugeValue, float64(s.cfg.Limit)))
}

func (s *Store) append(ms []prometheus.Metric, k Key, sr *series, now time.Time) []prometheus.Metric {
	if s.durability.on && !s.live && !sr.stored {
		// One under its key may have been shown before and have expired. Were
		// this one's 0 shown now, a crash could bring the old value back.
		return ms
	}
	switch {
	case sr.scraped.IsZero():
		sr.scraped = now
	case !sr.mature && now.Sub(sr.scraped) >= time.Duration(s.cfg.NewSeriesDelay):
		sr.mature = true
		s.touch(k)
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
	values := []string{k.Type, k.Reason, k.Kind, k.Namespace, k.Component}
	return append(ms,
		prometheus.MustNewConstMetricWithCreatedTimestamp(s.occurrences, prometheus.CounterValue, float64(sr.shown), sr.created, values...),
		prometheus.MustNewConstMetric(s.last, prometheus.GaugeValue, seconds(sr.last), values...))
}

func seconds(t time.Time) float64 {
	if t.IsZero() {
		return 0
	}
	return float64(t.UnixMilli()) / 1000
}
