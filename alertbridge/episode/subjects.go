package episode

import (
	"hash/maphash"
	"iter"
	"slices"
	"unique"

	"github.com/kubebark/kubebark/exporter/occurrence"
)

// objectsPerAlert bounds, on the average, how many objects are kept for each
// of the alerts that there may be.
const objectsPerAlert = 10

// subject is an object with trouble, and all the trouble that it has.
type subject struct {
	place    unique.Handle[place]
	name     string
	troubles []*affected  // one for each episode
	one      [1]*affected // the memory of the first: most have one
}

// place is what the names of many objects have in common.
type place struct{ apiVersion, kind, namespace string }

func (s *subject) object() object {
	p := s.place.Value()
	return object{p.kind, p.namespace, s.name}
}

func (s *subject) ref() occurrence.Object {
	p := s.place.Value()
	return occurrence.Object{APIVersion: p.apiVersion, Kind: p.kind, Namespace: p.namespace, Name: s.name}
}

// subjects finds objects. The key is a hash, for the names are long and are
// kept once by this.
type subjects struct {
	seed   maphash.Seed
	byHash map[uint64]*subject
	kept   int // troubles of all
}

func newSubjects() subjects {
	return subjects{seed: maphash.MakeSeed(), byHash: map[uint64]*subject{}}
}

// get returns the subject, nil if there is none.
func (ss *subjects) get(obj object) *subject {
	if s := ss.byHash[maphash.Comparable(ss.seed, obj)]; s != nil && s.object() == obj {
		return s
	}
	return nil
}

// about returns the troubles of an object. The slice stays as it is when some
// of them end.
func (ss *subjects) about(obj object) []*affected {
	if s := ss.get(obj); s != nil {
		return s.troubles
	}
	return nil
}

// all yields all objects with their troubles; any may end meanwhile.
func (ss *subjects) all() iter.Seq2[object, []*affected] {
	return func(yield func(object, []*affected) bool) {
		for _, s := range ss.byHash {
			if !yield(s.object(), s.troubles) {
				return
			}
		}
	}
}

// find returns the object's trouble in the episode, nil if there is none.
func (ss *subjects) find(e *episode, obj object) *affected {
	for _, a := range ss.about(obj) {
		if a.episode == e {
			return a
		}
	}
	return nil
}

// join makes a trouble of the object one of the episode, which has none yet. It
// fails where another object has the same hash, which does not happen by
// chance.
func (ss *subjects) join(e *episode, a *affected, ref *occurrence.Object) bool {
	obj := objectOf(ref)
	h := maphash.Comparable(ss.seed, obj)
	s := ss.byHash[h]
	switch {
	case s == nil:
		s = &subject{place: unique.Make(place{ref.APIVersion, ref.Kind, ref.Namespace}), name: ref.Name}
		s.troubles = s.one[:0]
		ss.byHash[h] = s
	case s.object() != obj:
		return false
	}
	a.subject, a.episode = s, e
	s.troubles = append(s.troubles, a)
	e.objects = append(e.objects, a)
	ss.kept++
	return true
}

// leave forgets the trouble, which its episode is about to forget. It makes a
// new slice, for somebody may be going through the old one.
func (ss *subjects) leave(a *affected) {
	s := a.subject
	i := slices.Index(s.troubles, a)
	if i < 0 {
		return
	}
	ss.kept--
	s.troubles = slices.Concat(s.troubles[:i], s.troubles[i+1:])
	if len(s.troubles) == 0 {
		delete(ss.byHash, maphash.Comparable(ss.seed, s.object()))
	}
}

// affect notes the object of an occurrence; what is returned is new, nil if it
// is not or there is no room.
func (t *Tracker) affect(e *episode, o *occurrence.Occurrence) *affected {
	if e.folded {
		return nil
	}
	if a := t.subjects.find(e, objectOf(&o.Object)); a != nil {
		a.see(o)
		return nil
	}
	a := &affected{first: part{path: o.Object.FieldPath}}
	full := t.subjects.kept >= t.settings.MaxActive*objectsPerAlert || len(e.objects) >= maxObjects
	if full || !t.subjects.join(e, a, &o.Object) {
		e.more = true
		return nil
	}
	a.see(o)
	return a
}
