package truth

import (
	"fmt"
	"math/rand/v2"

	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"

	"github.com/kubebark/kubebark/test/tally"
)

// shelf is a cluster that knows what may go from it: of each object that
// lives, whether all that it tells of has been scraped.
type shelf struct {
	cluster cluster
	ledger  *ledger
	live    map[string]*thing
	names   []string // of what lives, for picking one at random

	gone map[string]bool // what was dropped, until it comes back
	told told
}

// told is what became of objects.
type told struct{ writes, dropped, back int }

func (t told) String() string {
	return fmt.Sprintf("%d writes, %d objects went, %d came back", t.writes, t.dropped, t.back)
}

type thing struct {
	namespace, name string
	labels          tally.Labels
	written         int64 // what was made of its label set at its last write
	count           int64 // of occurrences that it tells of
	base            int64 // what of them is known to be scraped
}

func newShelf(c cluster, l *ledger) *shelf {
	return &shelf{cluster: c, ledger: l, live: make(map[string]*thing), gone: make(map[string]bool)}
}

// wrote notes a write that has made an object tell of so many occurrences.
func (s *shelf) wrote(e *corev1.Event, ls tally.Labels, count int64) {
	key := e.Namespace + "/" + e.Name
	s.told.writes++
	if s.gone[key] {
		s.told.back++
		delete(s.gone, key)
	}
	t := s.live[key]
	if t == nil {
		t = &thing{namespace: e.Namespace, name: e.Name, labels: ls}
		s.live[key] = t
		s.names = append(s.names, key)
	}
	if s.ledger.known(ls) >= t.written {
		t.base = t.count
	}
	t.count = count
	t.written = s.ledger.total(ls)
}

// keep lets only n of the objects there are ever go.
func (s *shelf) keep(n int) {
	for _, key := range s.names[min(n, len(s.names)):] {
		delete(s.live, key)
	}
	s.names = s.names[:min(n, len(s.names))]
}

// put creates an object, or replaces it where there is one.
func (s *shelf) put(e *corev1.Event) (*corev1.Event, error) {
	stored, err := s.cluster.update(e)
	if apierrors.IsNotFound(err) {
		e.ResourceVersion = ""
		return s.cluster.create(e)
	}
	return stored, err
}

// drop lets a random object go, as expiry and people do; a careful one only if
// nothing goes with it. It tells whether one went.
func (s *shelf) drop(r *rand.Rand, careful bool) (bool, error) {
	for range min(8, len(s.names)) {
		i := r.IntN(len(s.names))
		t := s.live[s.names[i]]
		safe := s.ledger.known(t.labels) >= t.written
		if careful && !safe {
			continue
		}
		if !safe {
			s.ledger.risk(t.labels, t.count-t.base)
		}
		if err := s.cluster.delete(t.namespace, t.name); err != nil {
			return false, fmt.Errorf("delete event %s: %w", s.names[i], err)
		}
		s.told.dropped++
		s.gone[s.names[i]] = true
		delete(s.live, s.names[i])
		s.names[i] = s.names[len(s.names)-1]
		s.names = s.names[:len(s.names)-1]
		return true, nil
	}
	return false, nil
}
