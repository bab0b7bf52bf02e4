package fakeapi

import (
	"bytes"
	"fmt"
	"strconv"
	"sync"
	"time"

	"github.com/google/btree"
	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/apimachinery/pkg/watch"
)

const (
	// firstVersion is that of an empty store: etcd's revisions are past its
	// own start when the first event comes.
	firstVersion = 100
	// defaultHistory is how many changes are remembered by default.
	defaultHistory = 100_000
)

// StoreOptions are the options of [NewStore].
type StoreOptions struct {
	// TTL is how long an event lives after its last write; 0 is for ever.
	TTL time.Duration
	// History is how many changes can be watched from; 0 is 100,000. Older
	// ones are compacted away.
	History int
}

// Store holds events. Its methods may be called concurrently.
type Store struct {
	opts StoreOptions

	mu        sync.Mutex
	objects   *btree.BTreeG[*object]
	version   uint64
	log       []*change // those after compacted, one for each version
	compacted uint64
	changed   chan struct{} // closed at the next change; nil if nobody waits
	made      uint64        // objects ever made, for UIDs
	deaths    []death       // in the order of time
}

// object is one state of an event. It is never changed.
type object struct {
	key     string // namespace/name, as etcd orders them
	event   *corev1.Event
	version uint64
	raw     []byte // in protobuf
}

// change is one write.
type change struct {
	version uint64
	kind    watch.EventType
	now     *object // a deletion's is the last content, with its own version
	before  *object // nil for an addition
	frames  [encodings]frame
}

// death is when an object expires, unless it is written again.
type death struct {
	key     string
	version uint64
	at      time.Time
}

// NewStore returns an empty store.
func NewStore(o StoreOptions) *Store {
	if o.History <= 0 {
		o.History = defaultHistory
	}
	return &Store{
		opts:    o,
		objects: btree.NewG(32, func(a, b *object) bool { return a.key < b.key }),
		version: firstVersion, compacted: firstVersion,
	}
}

func resource() schema.GroupResource { return corev1.Resource("events") }

func keyOf(namespace, name string) string { return namespace + "/" + name }

// Version returns the version of the last write.
func (s *Store) Version() uint64 {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.version
}

// Len returns the number of events.
func (s *Store) Len() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.objects.Len()
}

// Get returns an event, which the caller must not change.
func (s *Store) Get(namespace, name string) (*corev1.Event, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	o, ok := s.objects.Get(&object{key: keyOf(namespace, name)})
	if !ok {
		return nil, apierrors.NewNotFound(resource(), name)
	}
	return o.event, nil
}

// Create adds an event and returns it as stored. It is taken as valid.
func (s *Store) Create(e *corev1.Event) (*corev1.Event, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if e.ResourceVersion != "" {
		return nil, apierrors.NewBadRequest("resourceVersion should not be set on objects to be created")
	}
	e = e.DeepCopy()
	s.made++
	if e.Name == "" {
		e.Name = fmt.Sprintf("%s%05x", e.GenerateName, s.made)
	}
	if _, ok := s.objects.Get(&object{key: keyOf(e.Namespace, e.Name)}); ok {
		return nil, apierrors.NewAlreadyExists(resource(), e.Name)
	}
	e.UID = types.UID(fmt.Sprintf("%08x-0000-4000-8000-%012x", s.made>>32, s.made))
	e.CreationTimestamp = metav1.Now().Rfc3339Copy()
	return s.put(e, nil)
}

// Update replaces an event and returns it as stored. One that changes nothing
// is no write, as with etcd.
func (s *Store) Update(e *corev1.Event) (*corev1.Event, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	old, ok := s.objects.Get(&object{key: keyOf(e.Namespace, e.Name)})
	switch {
	case !ok:
		return nil, apierrors.NewNotFound(resource(), e.Name)
	case e.ResourceVersion != "" && e.ResourceVersion != old.event.ResourceVersion:
		return nil, apierrors.NewConflict(resource(), e.Name, fmt.Errorf("it is at version %s", old.event.ResourceVersion))
	}
	return s.replace(old, e.DeepCopy())
}

// replace puts e, which is the store's own, in the place of old.
func (s *Store) replace(old *object, e *corev1.Event) (*corev1.Event, error) {
	e.UID, e.CreationTimestamp, e.ResourceVersion = old.event.UID, old.event.CreationTimestamp, old.event.ResourceVersion
	raw, err := e.Marshal()
	if err != nil {
		return nil, fmt.Errorf("encode event %s: %w", old.key, err)
	}
	if bytes.Equal(raw, old.raw) {
		return old.event, nil
	}
	return s.put(e, old)
}

// Delete removes an event, as expiry does.
func (s *Store) Delete(namespace, name string) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	o, ok := s.objects.Get(&object{key: keyOf(namespace, name)})
	if !ok {
		return apierrors.NewNotFound(resource(), name)
	}
	return s.remove(o)
}

func (s *Store) remove(o *object) error {
	last, err := s.next(o.event.DeepCopy())
	if err != nil {
		return err
	}
	s.objects.Delete(o)
	s.note(&change{version: last.version, kind: watch.Deleted, now: last, before: o})
	return nil
}

// put stores e, which is the store's own, under the next version.
func (s *Store) put(e *corev1.Event, old *object) (*corev1.Event, error) {
	o, err := s.next(e)
	if err != nil {
		return nil, err
	}
	kind := watch.Added
	if old != nil {
		kind = watch.Modified
	}
	s.objects.ReplaceOrInsert(o)
	s.note(&change{version: o.version, kind: kind, now: o, before: old})
	if s.opts.TTL > 0 {
		s.deaths = append(s.deaths, death{o.key, o.version, time.Now().Add(s.opts.TTL)})
	}
	return o.event, nil
}

// next makes the object of e at the next version.
func (s *Store) next(e *corev1.Event) (*object, error) {
	version := s.version + 1
	e.ResourceVersion = strconv.FormatUint(version, 10)
	raw, err := e.Marshal()
	if err != nil {
		return nil, fmt.Errorf("encode event %s/%s: %w", e.Namespace, e.Name, err)
	}
	s.version = version
	return &object{key: keyOf(e.Namespace, e.Name), event: e, version: version, raw: raw}, nil
}

// note appends to the history and wakes up whoever waits.
func (s *Store) note(c *change) {
	s.log = append(s.log, c)
	if len(s.log) > s.opts.History+s.opts.History/4 {
		s.compact(s.version - uint64(s.opts.History)) //nolint:gosec // it is not negative
	}
	if s.changed != nil {
		close(s.changed)
		s.changed = nil
	}
}

// Compact forgets the history: whoever is not up to date will be told 410.
func (s *Store) Compact() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.compact(s.version)
}

func (s *Store) compact(to uint64) {
	// A copy, so that what is forgotten can be freed.
	s.log = append([]*change(nil), s.log[to-s.compacted:]...)
	s.compacted = to
}

// Expire removes what has outlived its TTL at a time, as the server does every
// now and then while it runs.
func (s *Store) Expire(now time.Time) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	for len(s.deaths) > 0 && !s.deaths[0].at.After(now) {
		d := s.deaths[0]
		s.deaths = s.deaths[1:]
		o, ok := s.objects.Get(&object{key: d.key})
		if !ok || o.version != d.version {
			continue // written again, or gone
		}
		if err := s.remove(o); err != nil {
			return err
		}
	}
	return nil
}
