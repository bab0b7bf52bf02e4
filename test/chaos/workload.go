package chaos

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"slices"
	"time"

	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/kubebark/kubebark/test/tally"
	"github.com/kubebark/kubebark/test/testbed"
)

// A workload writes events of all kinds: repeats, series, single ones, and
// deletes some of which it is known that they are counted.
type workload struct {
	w      *world
	writer *writer
	dice   *rand.Rand
	things map[tally.Labels][]*corev1.Event // of this epoch
	old    []*corev1.Event                  // of epochs before; may go
	serial int

	settled chan map[tally.Labels]bool // label sets of which all is counted
	told    struct{ writes, deleted, back int }
}

func (w *world) newWorkload() *workload {
	return &workload{
		w: w, writer: w.newWriter(), dice: rand.New(rand.NewPCG(w.opts.Seed, 2)), //nolint:gosec // it is to be repeatable
		things: map[tally.Labels][]*corev1.Event{}, settled: make(chan map[tally.Labels]bool, 1),
	}
}

// play writes until playing is done.
func (k *workload) play(ctx, playing context.Context) error {
	for playing.Err() == nil {
		select {
		case done := <-k.settled:
			k.retire(done)
		default:
		}
		if err := k.happen(ctx); err != nil {
			return fmt.Errorf("write events: %w", err)
		}
		pause(playing, time.Duration(k.dice.Int64N(2*int64(k.w.pace.write)+1)))
	}
	return nil
}

// retire lets go what is counted, from now on.
func (k *workload) retire(done map[tally.Labels]bool) {
	for ls, es := range k.things {
		if done[ls] {
			k.old = append(k.old, es...)
			delete(k.things, ls)
		}
	}
	if excess := len(k.old) - 200; excess > 0 {
		k.old = slices.Delete(k.old, 0, excess) // they expire
	}
}

func (k *workload) happen(ctx context.Context) error {
	k.told.writes++
	n := 1 + k.dice.Int64N(3)
	switch k.dice.IntN(10) {
	case 0, 1, 2:
		return k.repeat(ctx, corev1.EventTypeNormal, "Pulled", n)
	case 3, 4:
		return k.repeat(ctx, corev1.EventTypeWarning, "Probed", n)
	case 5, 6:
		return k.series(ctx, n)
	case 7:
		k.serial++
		e := k.writer.event(fmt.Sprintf("once-%d", k.serial), "Job", corev1.EventTypeNormal, "ByHand", k.writer.component("lab"))
		e.FirstTimestamp, e.LastTimestamp = metav1.Time{}, metav1.Time{}
		return k.writer.write(ctx, e, 1)
	default:
		return k.drop(ctx, n)
	}
}

// one returns one of the objects of a label set of this epoch, or a new one.
func (k *workload) one(kind, reason string) *corev1.Event {
	e := k.writer.event("", "Pod", kind, reason, k.writer.component("lab"))
	es := k.things[labelsOf(e)]
	i := k.dice.IntN(8)
	if i < len(es) {
		return es[i]
	}
	k.serial++
	e = k.writer.event(fmt.Sprintf("pod-%d", k.serial), "Pod", kind, reason, e.Source.Component)
	k.things[labelsOf(e)] = append(es, e)
	return e
}

func (k *workload) repeat(ctx context.Context, kind, reason string, n int64) error {
	e := k.one(kind, reason)
	k.writer.count(e, n)
	return k.writer.write(ctx, e, n)
}

// series writes as an events.k8s.io recorder does.
func (k *workload) series(ctx context.Context, n int64) error {
	e := k.one(corev1.EventTypeNormal, "Synced")
	at := metav1.NewMicroTime(k.w.now().Time)
	if e.EventTime.IsZero() {
		n = 1
		e.FirstTimestamp, e.LastTimestamp = metav1.Time{}, metav1.Time{}
		e.EventTime, e.Action, e.ReportingInstance = at, "Sync", "lab-1"
	} else {
		if e.Series == nil {
			e.Series = &corev1.EventSeries{Count: 1}
		}
		e.Series.Count += int32(n) //nolint:gosec // it is small
		e.Series.LastObservedTime = at
	}
	return k.writer.write(ctx, e, n)
}

// drop deletes an object that is counted, and sometimes lets it come back and
// count on, as after its expiry.
func (k *workload) drop(ctx context.Context, n int64) error {
	if len(k.old) == 0 {
		return nil
	}
	i := k.dice.IntN(len(k.old))
	e := k.old[i]
	k.old = slices.Delete(k.old, i, i+1)
	k.told.deleted++
	if err := k.writer.remove(ctx, e); err != nil || k.dice.IntN(2) == 0 || e.Count == 0 {
		return err
	}
	k.told.back++
	k.writer.count(e, n)
	return k.writer.write(ctx, e, n)
}

// A writer writes events to the API server itself, not through a line, again and
// again while that is not there: each is written once.
type writer struct {
	w *world
}

func (w *world) newWriter() *writer { return &writer{w: w} }

// component returns a reporting component of this epoch: its label sets are
// written no more when the next one begins, so that they can be judged.
func (wr *writer) component(prefix string) string {
	return fmt.Sprintf("%s-%d", prefix, wr.w.epoch.Load())
}

func (wr *writer) event(name, kind, typ, reason, component string) *corev1.Event {
	now := wr.w.now()
	return &corev1.Event{
		ObjectMeta:     metav1.ObjectMeta{Namespace: namespace, Name: fmt.Sprintf("%s.%x", name, wr.w.serial.Add(1))},
		InvolvedObject: corev1.ObjectReference{APIVersion: "v1", Kind: kind, Namespace: namespace, Name: name},
		Type:           typ, Reason: reason, Message: "it is so", FirstTimestamp: now, LastTimestamp: now,
		Source: corev1.EventSource{Component: component, Host: "node-1"}, ReportingController: component,
	}
}

func (wr *writer) count(e *corev1.Event, n int64) {
	e.Count += int32(n) //nolint:gosec // it is small
	e.LastTimestamp = wr.w.now()
}

func labelsOf(e *corev1.Event) tally.Labels {
	return tally.Labels{Type: e.Type, Reason: e.Reason, Kind: e.InvolvedObject.Kind, Namespace: e.Namespace, Component: e.Source.Component}
}

// write puts an event that tells of n more occurrences.
func (wr *writer) write(ctx context.Context, e *corev1.Event, n int64) error {
	risk := int64(0)
	if b, count := account(e); count > 1 && !b.IsZero() && b.Before(wr.w.timeline.begun) {
		risk = n
	}
	defer wr.w.ledger.begin(labelsOf(e), n, risk)()
	events := wr.w.client.CoreV1().Events(e.Namespace)
	return wr.insist(ctx, func(ctx context.Context) error {
		_, err := events.Update(ctx, e, metav1.UpdateOptions{}) // of any version: a count is absolute
		if apierrors.IsNotFound(err) {
			_, err = events.Create(ctx, e, metav1.CreateOptions{})
		}
		return err
	})
}

// account returns when an object began, by its reporter's clock, and of how many
// occurrences it tells. If it began before the exporters did, one that has not
// seen it, or was killed before it had written down that it had, cannot know how
// many of them are new.
func account(e *corev1.Event) (begun time.Time, count int32) {
	if e.Series != nil {
		return e.EventTime.Time, e.Series.Count
	}
	return e.FirstTimestamp.Time, e.Count
}

func (wr *writer) remove(ctx context.Context, e *corev1.Event) error {
	return wr.insist(ctx, func(ctx context.Context) error {
		err := wr.w.client.CoreV1().Events(e.Namespace).Delete(ctx, e.Name, metav1.DeleteOptions{})
		if apierrors.IsNotFound(err) { // an answer was lost
			err = nil
		}
		return err
	})
}

// insist repeats a call until it succeeds; what the API server refuses for good
// is an error.
func (wr *writer) insist(ctx context.Context, call func(ctx context.Context) error) error {
	var refused error
	err := testbed.Poll(ctx, "for the API server", func(ctx context.Context) (bool, error) {
		err := call(ctx)
		if apierrors.IsInvalid(err) || apierrors.IsBadRequest(err) {
			refused = err
		}
		return err == nil || refused != nil, err
	})
	return errors.Join(refused, err)
}
