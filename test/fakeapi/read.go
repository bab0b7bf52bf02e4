package fakeapi

import (
	"encoding/json"
	"errors"
	"strings"

	"github.com/google/btree"
	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/util/strategicpatch"
)

// errCompacted means that a version is no longer remembered.
var errCompacted = errors.New("the version was compacted away")

// errFuture means that a version has not come yet.
var errFuture = errors.New("the version is yet to come")

// Patch applies a strategic merge patch and returns the event as stored.
func (s *Store) Patch(namespace, name string, patch []byte) (*corev1.Event, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	old, ok := s.objects.Get(&object{key: keyOf(namespace, name)})
	if !ok {
		return nil, apierrors.NewNotFound(resource(), name)
	}
	data, err := json.Marshal(old.event)
	if err != nil {
		return nil, err
	}
	if data, err = strategicpatch.StrategicMergePatch(data, patch, corev1.Event{}); err != nil {
		return nil, apierrors.NewBadRequest(err.Error())
	}
	e := new(corev1.Event)
	if err := json.Unmarshal(data, e); err != nil {
		return nil, apierrors.NewBadRequest(err.Error())
	}
	return s.replace(old, e)
}

// listing is a page of a list.
type listing struct {
	objects []*object
	version uint64
	left    int // how many follow
}

// list returns the objects of a namespace, "" for all, that are in a part, from a
// key on, as they were at a version, 0 for now. limit 0 is none. left is how many
// there are from the key on, 0 if that is not known; of a part it never is.
func (s *Store) list(namespace string, p *part, from string, version uint64, limit, left int) (listing, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	tree, err := s.at(&version)
	if err != nil {
		return listing{}, err
	}
	l := listing{version: version}
	prefix := ""
	if namespace != "" {
		prefix = namespace + "/"
	}
	if p != nil {
		left = 0
	} else if left == 0 && prefix == "" && from == "" {
		left = tree.Len()
	}
	count := 0
	tree.AscendGreaterOrEqual(&object{key: max(prefix, from)}, func(o *object) bool {
		if !strings.HasPrefix(o.key, prefix) {
			return false
		}
		if !p.selects(o.key) {
			return true
		}
		count++
		if limit > 0 && count > limit {
			return p == nil && left == 0 // else no need to count them
		}
		l.objects = append(l.objects, o)
		return true
	})
	l.left = max(left, count) - len(l.objects)
	return l, nil
}

// at returns the objects as they were at a version, which it sets if it is 0.
func (s *Store) at(version *uint64) (*btree.BTreeG[*object], error) {
	switch {
	case *version == 0, *version == s.version:
		*version = s.version
		return s.objects, nil
	case *version > s.version:
		return nil, errFuture
	case *version < s.compacted:
		return nil, errCompacted
	}
	tree := s.objects.Clone()
	for i := len(s.log) - 1; i >= 0 && s.log[i].version > *version; i-- {
		if c := s.log[i]; c.before != nil {
			tree.ReplaceOrInsert(c.before)
		} else {
			tree.Delete(c.now)
		}
	}
	return tree, nil
}

// since returns the changes after a version, at most so many. If there are
// none it returns a channel that is closed when there may be.
func (s *Store) since(version uint64, limit int) ([]*change, <-chan struct{}, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if version < s.compacted {
		return nil, nil, errCompacted
	}
	if version >= s.version {
		if s.changed == nil {
			s.changed = make(chan struct{})
		}
		return nil, s.changed, nil
	}
	first := int(version - s.compacted) //nolint:gosec // it is an index
	return s.log[first:min(len(s.log), first+limit)], nil, nil
}
