package episode

import (
	"testing"
	"time"

	"github.com/kubebark/kubebark/exporter/occurrence"
)

// recorder writes as client-go's does: it counts each occurrence, and writes
// as long as the bucket of the object has a token.
type recorder struct {
	w      *world
	tokens float64
	at     time.Time
	counts map[string]int64 // occurrences by reason
	told   map[string]int64 // of them written
}

func newRecorder(w *world) *recorder {
	return &recorder{w: w, tokens: bucketBurst, at: time.Now(), counts: map[string]int64{}, told: map[string]int64{}}
}

func (r *recorder) record(o occurrence.Occurrence) {
	now := time.Now()
	r.tokens = min(bucketBurst, r.tokens+float64(now.Sub(r.at))/float64(bucketRefill))
	r.at = now
	r.counts[o.Reason]++
	if r.tokens < 1 {
		return
	}
	r.tokens--
	o.Count, o.New = r.counts[o.Reason], r.counts[o.Reason]-r.told[o.Reason]
	r.told[o.Reason] = o.Count
	r.w.see(o)
}

// each calls f again and again until the time is over.
func each(interval, until time.Duration, f func()) {
	for end := time.Now().Add(until); time.Now().Before(end); time.Sleep(interval) {
		f()
	}
}

func TestStarvation(t *testing.T) {
	inWorld(t, func(w *world) {
		r := newRecorder(w)
		var n int
		firing := map[string]time.Time{}
		each(10*time.Second, 6*time.Hour, func() {
			r.record(warning("Unhealthy", "db-0"))
			if n%6 == 0 {
				r.record(warning("BackOff", "db-0"))
			}
			n++
		})
		for _, a := range w.got() {
			reason := a.Labels["reason"]
			if a.EndsAt.Before(a.StartsAt.Add(time.Minute)) || a.Annotations["ended_by"] != "" {
				t.Fatalf("%s ended early: %v %v", reason, a.EndsAt, a.Annotations)
			}
			if s, ok := firing[reason]; ok && !s.Equal(a.StartsAt) {
				t.Fatalf("%s began again at %v", reason, a.StartsAt)
			}
			firing[reason] = a.StartsAt
		}
		if r.counts["BackOff"] != 360 || r.told["BackOff"] > 10 {
			t.Errorf("no starvation: %d of %d written", r.told["BackOff"], r.counts["BackOff"])
		}
		time.Sleep(2 * time.Hour) // both end once the writes have stopped
		if v := w.Views(); len(v) != 0 {
			t.Errorf("still there: %v", v[0].Labels)
		}
	})
}

func TestKeptAliveAtMostSixTimes(t *testing.T) {
	inWorld(t, func(w *world) {
		r := newRecorder(w)
		r.record(warning("Rare", "db-0"))
		begin := time.Now()
		each(10*time.Second, 3*time.Hour, func() { r.record(warning("Noise", "db-0")) })
		over := begin.Add(maxKeptAlive * 20 * time.Minute)
		for _, a := range w.got() {
			if a.Labels["reason"] == "Rare" && a.EndsAt.After(over) {
				t.Fatalf("lasts until %v", a.EndsAt)
			}
			if a.Labels["reason"] == "Rare" && a.Annotations["ended_by"] != "" && a.EndsAt.Before(over) {
				t.Fatalf("ended at %v, want %v", a.EndsAt, over)
			}
		}
	})
}

func TestNotKeptAlive(t *testing.T) {
	once := withRules(t, `rules: [{matchers: ['reason="Once"'], once: true}]`)
	for _, tt := range []struct {
		name  string
		first occurrence.Occurrence
		noise func(*occurrence.Occurrence)
	}{
		{"by a bucket that is not empty", warning("Rare", "db-0"), func(o *occurrence.Occurrence) { o.New = 1 }},
		{"if it is said once", warning("Once", "db-0"), nil},
		{"by another source", warning("Rare", "db-0"), func(o *occurrence.Occurrence) { o.Component = "other" }},
		{"by another host", warning("Rare", "db-0"), func(o *occurrence.Occurrence) { o.Host = "node-2" }},
		{"by another object", warning("Rare", "db-0"), func(o *occurrence.Occurrence) { o.Object.Name = "db-1" }},
		{"by another type", warning("Rare", "db-0"), func(o *occurrence.Occurrence) { o.Type = "Normal" }},
		{"by a series", warning("Rare", "db-0"), func(o *occurrence.Occurrence) { o.SeriesRecorder = true }},
	} {
		t.Run(tt.name, func(t *testing.T) {
			inWorld(t, func(w *world) {
				begin := time.Now()
				w.see(tt.first)
				each(5*time.Minute, 19*time.Minute, func() {
					o := warning("Noise", "db-0")
					o.New = 30
					if tt.noise != nil {
						tt.noise(&o)
					}
					w.see(o)
				})
				time.Sleep(time.Until(begin.Add(20*time.Minute + grace + time.Second)))
				var over bool
				for _, a := range w.got() {
					if a.Labels["reason"] == tt.first.Reason && !a.EndsAt.After(time.Now()) {
						over = true
					}
				}
				if !over {
					t.Error("it was kept alive")
				}
			}, once)
		})
	}
}

func TestBucketsAreBounded(t *testing.T) {
	b := newBuckets(bucketRefill)
	for i := range 2 * maxBuckets {
		b.write(&occurrence.Occurrence{New: 1, Event: occurrence.Event{Object: occurrence.Object{Name: suffix(i)}}})
	}
	if n := b.young.Len() + b.old.Len(); n > maxBuckets {
		t.Errorf("%d buckets", n)
	}
}
