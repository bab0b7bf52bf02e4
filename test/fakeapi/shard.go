package fakeapi

import (
	"regexp"
	"strings"
	"sync"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/sharding"
)

// Divide has the server leave out what a shardSelector does not select, as one
// with the feature gate ShardedListAndWatch does. Any other, and so this one
// before, ignores it without a word.
func (s *Server) Divide() { s.divides.Store(true) }

// part is what a shardSelector selects; nil is all.
type part struct {
	selector    string
	first, next string // hashes

	mu  sync.Mutex
	has map[string]bool // by namespace
}

// byNamespace is the one form of selector that the server knows.
var byNamespace = regexp.MustCompile(`^shardRange\(object\.metadata\.namespace, '(0x[0-9a-f]{16,17})', '(0x[0-9a-f]{16,17})'\)$`)

// part returns what a request asks for, as far as the server divides.
func (s *Server) part(selector string) (*part, error) {
	if selector == "" || !s.divides.Load() {
		return nil, nil //nolint:nilnil // all is no part
	}
	m := byNamespace.FindStringSubmatch(selector)
	if m == nil {
		return nil, apierrors.NewBadRequest("unable to parse shardSelector")
	}
	return &part{selector: selector, first: m[1], next: m[2], has: make(map[string]bool)}, nil
}

// selects tells whether an object with the key is in the part.
func (p *part) selects(key string) bool {
	if p == nil {
		return true
	}
	ns, _, _ := strings.Cut(key, "/")
	p.mu.Lock()
	defer p.mu.Unlock()
	has, known := p.has[ns]
	if !known {
		h := "0x" + sharding.HashField(ns)
		has = !sharding.HexLess(h, p.first) && sharding.HexLess(h, p.next)
		p.has[ns] = has
	}
	return has
}
