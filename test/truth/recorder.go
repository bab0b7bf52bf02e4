package truth

import (
	"fmt"
	"math/rand/v2"
	"time"

	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/tools/record"

	"github.com/kubebark/kubebark/test/tally"
)

// happening is what a component tells a recorder.
type happening struct {
	object                object
	kind, reason, message string // kind is the event's type
}

// object is one that events are about. That of a Node has no namespace.
type object struct{ kind, namespace, name string }

func (o object) reference() corev1.ObjectReference {
	return corev1.ObjectReference{APIVersion: "v1", Kind: o.kind, Namespace: o.namespace, Name: o.name}
}

func (o object) eventNamespace() string {
	if o.namespace == "" {
		return metav1.NamespaceDefault
	}
	return o.namespace
}

func (h happening) labels(component string) tally.Labels {
	kind := h.kind
	if kind != corev1.EventTypeNormal && kind != corev1.EventTypeWarning {
		kind = "Other"
	}
	return tally.Labels{Type: kind, Reason: h.reason, Kind: h.object.kind, Namespace: h.object.namespace, Component: component}
}

// names makes the names of events, in the recorders' way.
type names struct{ last int64 }

func (n *names) next(o object) string {
	n.last = max(n.last+1, time.Now().UnixNano())
	return fmt.Sprintf("%s.%x", o.name, n.last)
}

// recorder is a core/v1 recorder: client-go's own correlator, and around it
// what client-go's recordEvent does with its answers.
type recorder struct {
	component  string
	options    record.CorrelatorOptions
	correlator *record.EventCorrelator
	shelf      *shelf
	names      *names
	rand       *rand.Rand
	// lossy lets writes fail for good, as those do that a server rejects.
	lossy bool
	// held are happenings of which the last was counted but not written.
	held map[happening]bool
}

func newRecorder(component string, o record.CorrelatorOptions, s *shelf, n *names, r *rand.Rand) *recorder {
	rec := &recorder{component: component, options: o, shelf: s, names: n, rand: r, held: make(map[happening]bool)}
	rec.restart()
	return rec
}

// restart makes it forget all, as a process does that begins anew. What it
// holds would be lost.
func (r *recorder) restart() { r.correlator = record.NewEventCorrelatorWithOptions(r.options) }

// tell records a happening.
func (r *recorder) tell(h happening) error {
	return r.record(h, r.lossy && r.rand.IntN(8) == 0)
}

func (r *recorder) record(h happening, fails bool) error {
	now := metav1.Now()
	ls := h.labels(r.component)
	r.shelf.ledger.made(ls)
	res, err := r.correlator.EventCorrelate(&corev1.Event{
		ObjectMeta:     metav1.ObjectMeta{Name: r.names.next(h.object), Namespace: h.object.eventNamespace()},
		InvolvedObject: h.object.reference(), Type: h.kind, Reason: h.reason, Message: h.message,
		Source: corev1.EventSource{Component: r.component}, ReportingController: r.component,
		Count: 1, FirstTimestamp: now, LastTimestamp: now,
	})
	if err != nil {
		return fmt.Errorf("correlate: %w", err)
	}
	if res.Skip || fails {
		r.held[h] = true
		return nil
	}
	stored, err := r.write(res)
	if err != nil {
		return fmt.Errorf("record %s of %s: %w", h.reason, h.object.name, err)
	}
	r.correlator.UpdateState(stored)
	r.shelf.wrote(stored, ls, int64(stored.Count))
	delete(r.held, h)
	return nil
}

func (r *recorder) write(res *record.EventCorrelateResult) (*corev1.Event, error) {
	e := res.Event
	if e.Count > 1 {
		stored, err := r.shelf.cluster.patch(e.Namespace, e.Name, res.Patch)
		if !apierrors.IsNotFound(err) {
			return stored, err
		}
	}
	e.ResourceVersion = ""
	return r.shelf.cluster.create(e)
}

// flush lets happen again what is held, so that it is written. It tells
// whether there is more: the spam filter gives way in time.
func (r *recorder) flush() (more bool, err error) {
	for h := range r.held {
		if err := r.record(h, false); err != nil {
			return false, err
		}
	}
	return len(r.held) > 0, nil
}
