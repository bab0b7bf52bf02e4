package episode

import (
	"context"
	"sync"
	"time"

	"github.com/kubebark/kubebark/alertbridge/notify"
	"github.com/kubebark/kubebark/exporter/occurrence"
)

// Lookups asks about objects. It must be safe for concurrent use and limit the
// time that a question takes.
type Lookups interface {
	// Owner returns the controller at the end of the object's owner chain,
	// the object itself if it has none; ok is false if there is no such object.
	Owner(context.Context, occurrence.Object) (owner occurrence.Object, ok bool, err error)
	// Exists tells whether there is such an object now.
	Exists(context.Context, occurrence.Object) (bool, error)
	// PodStatus says why a pod's container does not run; "" if there is
	// nothing to tell.
	PodStatus(context.Context, occurrence.Object) (string, error)
}

const (
	lookers  = 4    // questions at a time
	maxAsked = 1000 // questions that wait, more than are answered in [inspectFor]; beyond it none is asked
)

// questions are those that are open. What is asked is asked without the
// tracker's lock, and answers come with it.
type questions struct {
	lookups Lookups // nil: nothing is ever asked
	urgent  chan *question
	other   chan *question
	open    map[questionKey]bool // is locked by the tracker's lock
}

type questionKind uint8

const (
	whose questionKind = iota // to whom the object belongs, for its identity
	known                     // the same, for the annotation
	there                     // whether it still is
	exit                      // why its container does not run
)

type questionKey struct {
	kind questionKind
	obj  object
	fp   notify.Fingerprint // of the episode that asks for an exit
}

type question struct {
	key   questionKey
	until time.Time
	ask   func(context.Context) (answer func(now time.Time))
}

func newQuestions(l Lookups) questions {
	return questions{
		lookups: l, urgent: make(chan *question, maxAsked), other: make(chan *question, maxAsked),
		open: map[questionKey]bool{},
	}
}

// put puts a question and tells whether it is open now, be it by this.
func (q *questions) put(n question) bool {
	if q.open[n.key] {
		return true
	}
	ch := q.other
	if n.key.kind == whose || n.key.kind == exit {
		ch = q.urgent
	}
	select {
	case ch <- &n:
		q.open[n.key] = true
		return true
	default:
		return false
	}
}

// next returns the next question, urgent ones first.
func (q *questions) next(ctx context.Context) (n *question, ok bool) {
	select {
	case n = <-q.urgent:
		return n, true
	default:
	}
	select {
	case n = <-q.urgent:
	case n = <-q.other:
	case <-ctx.Done():
		return n, false
	}
	return n, true
}

// look answers questions until ctx is done. One whose time is over is asked
// all the same, with no time left: it may be remembered.
func (t *Tracker) look(ctx context.Context) {
	if t.questions.lookups == nil {
		return
	}
	var wg sync.WaitGroup
	for range lookers {
		wg.Go(func() {
			for {
				q, ok := t.questions.next(ctx)
				if !ok {
					return
				}
				t.answer(ctx, q)
			}
		})
	}
	wg.Wait()
}

func (t *Tracker) answer(ctx context.Context, q *question) {
	limited, cancel := context.WithDeadline(ctx, q.until)
	defer cancel()
	answer := q.ask(limited)
	t.mu.Lock()
	defer t.mu.Unlock()
	delete(t.questions.open, q.key)
	if ctx.Err() == nil {
		answer(time.Now())
	}
}
