package truth

import (
	"fmt"
	"time"

	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

// hand writes events without a recorder and without counts, as people and many
// operators do.
type hand struct {
	shelf *shelf
	made  int
	// puts are when the objects that are put anew were last.
	puts map[happening]time.Time
}

func newHand(s *shelf) *hand { return &hand{shelf: s, puts: make(map[happening]time.Time)} }

// once makes an object of its own for an occurrence, with no time in it.
func (w *hand) once(h happening) error {
	w.made++
	ls := h.labels("")
	w.shelf.ledger.made(ls)
	e, err := w.shelf.cluster.create(&corev1.Event{
		ObjectMeta:     metav1.ObjectMeta{Name: fmt.Sprintf("by-hand-%d", w.made), Namespace: h.object.eventNamespace()},
		InvolvedObject: h.object.reference(), Type: h.kind, Reason: h.reason, Message: h.message,
	})
	if err != nil {
		return fmt.Errorf("write event by hand: %w", err)
	}
	w.shelf.wrote(e, ls, 1)
	return nil
}

// anew puts the same object with a later time. Times have whole seconds, so
// that it does so once in two. Whoever sees only the last of several writes
// cannot know of the others, so that they are at risk.
func (w *hand) anew(h happening) error {
	if time.Since(w.puts[h]) < 2*time.Second {
		return nil
	}
	ls := h.labels("operator")
	w.shelf.ledger.made(ls)
	w.shelf.ledger.risk(ls, 1)
	e, err := w.shelf.put(&corev1.Event{
		ObjectMeta:     metav1.ObjectMeta{Name: "again." + h.object.name + "." + h.message, Namespace: h.object.eventNamespace()},
		InvolvedObject: h.object.reference(), Type: h.kind, Reason: h.reason, Message: h.message,
		Source: corev1.EventSource{Component: "operator"}, LastTimestamp: metav1.Now(),
	})
	if err != nil {
		return fmt.Errorf("put event anew: %w", err)
	}
	w.puts[h] = time.Now()
	w.shelf.wrote(e, ls, 1)
	return nil
}

// label edits an object, which is no occurrence. One that has expired meanwhile
// stays as it was, and so does one that an edit without an answer has reached.
func (w *hand) label(namespace, name string, get func(namespace, name string) (*corev1.Event, error)) error {
	e, err := get(namespace, name)
	if apierrors.IsNotFound(err) {
		return nil
	}
	if err != nil {
		return fmt.Errorf("label event: %w", err)
	}
	e = e.DeepCopy()
	w.made++
	metav1.SetMetaDataLabel(&e.ObjectMeta, "edited", fmt.Sprint(w.made))
	if _, err := w.shelf.cluster.update(e); err != nil && !apierrors.IsNotFound(err) && !apierrors.IsConflict(err) {
		return fmt.Errorf("label event: %w", err)
	}
	return nil
}
