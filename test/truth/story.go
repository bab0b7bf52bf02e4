package truth

import (
	"context"
	"fmt"
	"math/rand/v2"
	"time"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/client-go/tools/record"

	"github.com/kubebark/kubebark/test/tally"
)

// story plays all who write events, from one seed.
type story struct {
	rand   *rand.Rand
	ledger *ledger
	shelf  *shelf
	plot   plot

	frequent  *recorder // writes each occurrence
	filtered  *recorder // with a spam filter that bites
	aggregate *recorder // with messages that differ
	scheduler *seriesRecorder
	hand      *hand

	objects []object
	get     func(namespace, name string) (*corev1.Event, error)
	serial  int
}

// plot says what happens in a story.
type plot struct {
	// Puts has objects put anew by writers that keep no count.
	Puts bool
	// Careless lets objects go before it is known that they were counted.
	Careless bool
	// Pace is the time between two happenings, on the average.
	Pace time.Duration
}

func newStory(c cluster, l *ledger, p plot, r *rand.Rand) *story {
	n := new(names)
	s := &story{rand: r, ledger: l, shelf: newShelf(c, l), plot: p}
	s.frequent = newRecorder("kubelet", record.CorrelatorOptions{BurstSize: 1 << 20, QPS: 1 << 20}, s.shelf, n, r)
	s.frequent.lossy = true
	s.filtered = newRecorder("controller", record.CorrelatorOptions{BurstSize: 4, QPS: 2}, s.shelf, n, r)
	s.aggregate = newRecorder("prober", record.CorrelatorOptions{BurstSize: 1 << 20, QPS: 1 << 20}, s.shelf, n, r)
	s.scheduler = newSeriesRecorder("scheduler", s.shelf, n)
	s.hand = newHand(s.shelf)
	for _, ns := range []string{"shop", "zoo"} {
		for i := range 3 {
			s.objects = append(s.objects, object{"Pod", ns, fmt.Sprintf("web-%d", i)})
		}
		s.objects = append(s.objects, object{"Job", ns, "report"})
	}
	s.objects = append(s.objects, object{"Node", "", "node-a"})
	return s
}

// before fills the cluster with what was there before the exporter: enough for
// several pages of a list, and objects that the recorders will count on.
func (s *story) before(n int) error {
	for range n {
		h := happening{s.object(), corev1.EventTypeNormal, "Old", "m"}
		if err := s.hand.once(h); err != nil {
			return err
		}
	}
	s.shelf.keep(10) // or what goes later would be mostly these
	for range n / 4 {
		if err := s.happen(false); err != nil {
			return err
		}
	}
	return s.settle(context.Background())
}

// play lets things happen until ctx is done.
func (s *story) play(ctx context.Context) error {
	quiet := 0 // objects in turn have nothing to tell, so that they can expire
	next := time.Now()
	for ctx.Err() == nil {
		if time.Now().After(next) {
			quiet = s.rand.IntN(len(s.objects))
			next = time.Now().Add(3 * time.Second)
		}
		if err := s.happen(true, s.objects[quiet], s.objects[(quiet+4)%len(s.objects)]); err != nil {
			return err
		}
		pause(ctx, time.Duration(s.rand.Int64N(2*int64(s.plot.Pace)+1)))
	}
	return nil
}

func (s *story) object() object { return s.objects[s.rand.IntN(len(s.objects))] }

// happen lets one thing happen, to none of the objects that are quiet.
func (s *story) happen(drops bool, quiet ...object) error {
	o := s.object()
	for _, q := range quiet {
		if o.kind == q.kind && o.namespace == q.namespace {
			return nil
		}
	}
	switch s.rand.IntN(20) {
	case 0, 1, 2, 3, 4:
		reason := []string{"BackOff", "Failed", "Unhealthy"}[s.rand.IntN(3)]
		return s.frequent.tell(happening{o, corev1.EventTypeWarning, reason, "m"})
	case 5, 6, 7, 8:
		reason := []string{"SuccessfulCreate", "FailedCreate"}[s.rand.IntN(2)]
		return s.filtered.tell(happening{o, corev1.EventTypeNormal, reason, "m"})
	case 9, 10, 11:
		s.serial++
		return s.aggregate.tell(happening{o, corev1.EventTypeWarning, "Probe", fmt.Sprintf("attempt %d", s.serial/3)})
	case 12, 13, 14:
		return s.scheduler.tell(happening{o, corev1.EventTypeWarning, "FailedScheduling", "m"})
	case 15:
		kind := []string{"", "Odd", corev1.EventTypeNormal}[s.rand.IntN(3)]
		return s.hand.once(happening{o, kind, "ByHand", "m"})
	case 16:
		if s.plot.Puts {
			return s.hand.anew(happening{o, corev1.EventTypeNormal, "Reconciled", "m"})
		}
	case 17, 18:
		if drops {
			_, err := s.shelf.drop(s.rand, !s.plot.Careless)
			return err
		}
	case 19:
		return s.oddity()
	}
	return nil
}

// oddity is something rarer: a recorder's restart or flush, an edit.
func (s *story) oddity() error {
	switch s.rand.IntN(8) {
	case 0:
		s.aggregate.restart()
	case 1:
		return s.scheduler.flush(true)
	case 2, 3:
		return s.scheduler.flush(false)
	default:
		if len(s.shelf.names) == 0 {
			return nil
		}
		t := s.shelf.live[s.shelf.names[s.rand.IntN(len(s.shelf.names))]]
		return s.hand.label(t.namespace, t.name, s.get)
	}
	return nil
}

// settle has everything written that is held.
func (s *story) settle(ctx context.Context) error {
	if err := s.scheduler.flush(false); err != nil {
		return err
	}
	for _, r := range []*recorder{s.frequent, s.filtered, s.aggregate} {
		for {
			more, err := r.flush()
			if err != nil {
				return err
			}
			if !more {
				break
			}
			pause(ctx, 100*time.Millisecond)
			if ctx.Err() != nil {
				return fmt.Errorf("a spam filter held occurrences for too long: %w", ctx.Err())
			}
		}
	}
	return nil
}

// end is the happenings that come last, one in each namespace: once they are
// counted, all is.
func (s *story) end() ([]tally.Labels, error) {
	var last []tally.Labels
	for _, ns := range []string{"", "shop", "zoo", "zz-last"} {
		h := happening{object{"Pod", ns, "last"}, corev1.EventTypeNormal, "TheEnd", "m"}
		if ns == "" {
			h.object.kind = "Node"
		}
		if err := s.hand.once(h); err != nil {
			return nil, err
		}
		last = append(last, h.labels(""))
	}
	return last, nil
}
