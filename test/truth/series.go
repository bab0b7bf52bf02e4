package truth

import (
	"fmt"
	"time"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

// seriesRecorder is an events.k8s.io recorder, by a model of client-go's
// tools/events: the first occurrence makes the object, the second a series of
// two, and later ones are written now and then.
type seriesRecorder struct {
	component string
	shelf     *shelf
	names     *names
	series    map[happening]*series
}

type series struct {
	event   *corev1.Event
	written int32
	count   int32
}

func newSeriesRecorder(component string, s *shelf, n *names) *seriesRecorder {
	return &seriesRecorder{component: component, shelf: s, names: n, series: make(map[happening]*series)}
}

func (r *seriesRecorder) tell(h happening) error {
	r.shelf.ledger.made(h.labels(r.component))
	s := r.series[h]
	if s == nil {
		s = &series{event: &corev1.Event{
			ObjectMeta:     metav1.ObjectMeta{Name: r.names.next(h.object), Namespace: h.object.eventNamespace()},
			InvolvedObject: h.object.reference(), Type: h.kind, Reason: h.reason, Message: h.message,
			EventTime: metav1.NowMicro(), Action: "Act", ReportingController: r.component, ReportingInstance: r.component + "-host",
		}}
		r.series[h] = s
	}
	s.count++
	if s.count > 2 {
		return nil // held until the next refresh
	}
	return r.write(h, s)
}

// write writes a series as it is now.
func (r *seriesRecorder) write(h happening, s *series) error {
	e := s.event.DeepCopy()
	if s.count > 1 {
		e.Series = &corev1.EventSeries{Count: s.count, LastObservedTime: metav1.NewMicroTime(time.Now())}
	}
	if _, err := r.shelf.put(e); err != nil {
		return fmt.Errorf("write series %s of %s: %w", h.reason, h.object.name, err)
	}
	r.shelf.wrote(e, h.labels(r.component), int64(s.count))
	s.written = s.count
	return nil
}

// flush writes what is held; with end it then begins new series.
func (r *seriesRecorder) flush(end bool) error {
	for h, s := range r.series {
		if s.written < s.count {
			if err := r.write(h, s); err != nil {
				return err
			}
		}
	}
	if end {
		clear(r.series)
	}
	return nil
}
