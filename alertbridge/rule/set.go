package rule

import (
	"errors"
	"fmt"
	"strconv"
	"sync"

	"github.com/kubebark/kubebark/alertbridge/identity"
	"github.com/kubebark/kubebark/exporter/occurrence"
	"github.com/kubebark/kubebark/internal/conf"
)

// maxCandidates bounds the memory of which rules a type and reason can match.
// There are some 400 reasons; who makes up more pays with time.
const maxCandidates = 4096

// Set is all rules in the order in which they are asked. It is safe for
// concurrent use.
type Set struct {
	rules    []*Rule
	recovery map[string]bool

	mu         sync.Mutex
	candidates map[kindOf][]*Rule
}

type kindOf struct{ eventType, reason string }

// Compile makes the set of a configuration; external labels go onto each alert.
func Compile(c Config, external map[string]string) (*Set, error) {
	if err := c.Validate(); err != nil {
		return nil, err
	}
	s := &Set{recovery: map[string]bool{}, candidates: map[kindOf][]*Rule{}}
	for i := range c.Rules {
		name := c.Rules[i].Name
		if name == "" {
			name = "rules[" + strconv.Itoa(i) + "]"
		}
		r, err := compile(&c.Rules[i], name, c.Identity)
		if err != nil {
			return nil, conf.Field(err, "rules", strconv.Itoa(i))
		}
		s.add(r, external)
	}
	if c.BuiltinRules {
		if err := s.addBuiltin(c.Identity, external); err != nil {
			return nil, err
		}
	}
	r, err := compile(defaultSpec(), defaultName, c.Identity)
	if err != nil {
		return nil, shippedFault(err, defaultName)
	}
	s.add(r, external)
	return s, nil
}

func (s *Set) addBuiltin(mode identity.Mode, external map[string]string) error {
	specs, err := builtin()
	if err != nil {
		return err
	}
	for i := range specs {
		sp := &specs[i]
		r, err := compile(sp, builtinPrefix+sp.Name, mode)
		if err = errors.Join(sp.validate(), err); err != nil {
			return shippedFault(err, sp.Name)
		}
		r.shipped = true
		s.add(r, external)
	}
	return nil
}

func (s *Set) add(r *Rule, external map[string]string) {
	r.external = external
	s.rules = append(s.rules, r)
	for _, reason := range r.ResolveOn {
		s.recovery[reason] = true
	}
}

// Rules returns all rules in their order. The caller must not change them.
func (s *Set) Rules() []*Rule { return s.rules }

// Match returns the first rule that matches the event, nil if none does.
func (s *Set) Match(ev *occurrence.Event) *Rule {
	for _, r := range s.possible(ev) {
		if matchAll(r.matchers.rest, ev) {
			return r
		}
	}
	return nil
}

// Recovery tells whether the reason ends the alerts of any rule.
func (s *Set) Recovery(reason string) bool { return s.recovery[reason] }

// possible returns the rules that match the event's type and reason.
func (s *Set) possible(ev *occurrence.Event) []*Rule {
	k := kindOf{ev.Type, ev.Reason}
	s.mu.Lock()
	defer s.mu.Unlock()
	if rs, ok := s.candidates[k]; ok {
		return rs
	}
	rs := []*Rule{}
	for _, r := range s.rules {
		if matchAll(r.matchers.first, ev) {
			rs = append(rs, r)
		}
	}
	if len(s.candidates) >= maxCandidates {
		clear(s.candidates)
	}
	s.candidates[k] = rs
	return rs
}

// Describe tells in one line for each rule, in their order, what it does.
func (s *Set) Describe() []string {
	lines := make([]string, len(s.rules))
	for i, r := range s.rules {
		lines[i] = fmt.Sprintf("%s: %s", r.Name, r.describe())
	}
	return lines
}
