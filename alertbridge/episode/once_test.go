package episode

import (
	"testing"
	"time"

	"github.com/kubebark/kubebark/exporter/occurrence"
)

// What is said once lasts, however long nothing is heard, until its end is said,
// its object is gone, or a day is over.
func TestSaidOnce(t *testing.T) {
	resize := func() occurrence.Occurrence { return warning("ResizeDeferred", "db-0") }
	lost := func() occurrence.Occurrence {
		o := warning("ClaimLost", "data-db-0")
		o.Object.Kind = "PersistentVolumeClaim"
		return o
	}
	deleted := normal("SuccessfulDelete", "db")
	deleted.Object.Kind, deleted.Message = "StatefulSet", "delete Pod db-0 in StatefulSet db successful"
	done := normal("ResizeCompleted", "db-0")
	for _, tt := range []struct {
		name    string
		trouble occurrence.Occurrence
		end     *occurrence.Occurrence // after 10 hours
		lasts   time.Duration
		by      string
	}{
		{"its end is said", resize(), &done, 10 * time.Hour, "recovery: ResizeCompleted"},
		{"its object is gone", resize(), &deleted, 10 * time.Hour, "object gone"},
		{"a pod's limit", resize(), nil, 24 * time.Hour, "quiet for 1d"},
		{"a claim's limit", lost(), nil, 24 * time.Hour, "quiet for 1d"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			inWorld(t, func(w *world) {
				begin := time.Now()
				w.see(tt.trouble)
				time.Sleep(10 * time.Hour)
				if a := w.last(); !a.EndsAt.After(time.Now()) {
					t.Errorf("over after %v by %q", a.EndsAt.Sub(begin), a.Annotations["ended_by"])
				}
				if tt.end != nil {
					w.see(*tt.end)
				} else {
					time.Sleep(time.Until(begin.Add(tt.lasts + grace + time.Second)))
				}
				w.over(w.last(), begin.Add(tt.lasts), tt.by)
			})
		})
	}
}
