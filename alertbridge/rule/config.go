package rule

import (
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/kubebark/kubebark/alertbridge/identity"
	"github.com/kubebark/kubebark/internal/conf"
)

// Names of rules that are nobody's to give.
const (
	defaultName   = "default"  // of the rule behind all others
	builtinPrefix = "builtin/" // of the rules in builtin.yaml
)

const (
	defaultKeepFiringFor = 20 * time.Minute
	// A recorder of events.k8s.io writes a series every 30 minutes.
	seriesKeepFiringFor = 35 * time.Minute
	maxMinOccurrences   = 1000
)

// Config is the section alerts of the configuration.
type Config struct {
	// Identity is what one alert is for: a workload, an object or its owner.
	Identity identity.Mode `yaml:"identity"`
	// BuiltinRules lets the shipped rules come after your own.
	BuiltinRules bool `yaml:"builtin_rules"`
	// MaxActive is how many alerts there may be, pending ones included; beyond
	// it they fold into one for each namespace and reason.
	MaxActive int `yaml:"max_active" conf:"min=1"`
	// Diagnostics are look-ups that tell more about a trouble.
	Diagnostics Diagnostics `yaml:"diagnostics"`
	// Rules are asked in their order; the first that matches decides.
	Rules []Spec `yaml:"rules"`
}

// Diagnostics are look-ups that tell more about a trouble.
type Diagnostics struct {
	// PodStatus asks, when an alert about a pod begins to fire, why its
	// container does not run; this goes into the annotation exit. It takes the
	// right to get pods.
	PodStatus bool `yaml:"pod_status"`
}

// DefaultConfig returns the configuration of a user who wrote none.
func DefaultConfig() Config {
	return Config{Identity: identity.ModeWorkload, BuiltinRules: true, MaxActive: 5000}
}

// Spec is one rule as it is written.
type Spec struct {
	// Name is shown wherever the rule is.
	Name string `yaml:"name"`
	// Why is shown with the rule, for whoever reads it later.
	Why string `yaml:"why"`
	// Matchers must all match. They are Alertmanager's and see type, reason,
	// namespace, kind and name of the involved object, component, host, message
	// and workload.
	Matchers []string `yaml:"matchers" conf:"required"`
	// Drop makes no alert; occurrences are counted all the same.
	Drop bool `yaml:"drop"`

	// For lets the alert fire at the first occurrence that comes so long after
	// the episode's first.
	For conf.Duration `yaml:"for"`
	// MinOccurrences is how many occurrences it takes to fire.
	MinOccurrences int `yaml:"min_occurrences" conf:"min=0"`
	// Within is in which time MinOccurrences must come; without it, in the
	// episode.
	Within conf.Duration `yaml:"within"`
	// KeepFiringFor is how long nothing must be heard until the alert is over;
	// without it 20m, or 35m for events of an events.k8s.io recorder.
	KeepFiringFor *conf.Duration `yaml:"keep_firing_for"`
	// ResolveOn are reasons on the same object, and container, that end the
	// alert.
	ResolveOn []string `yaml:"resolve_on"`
	// ResolveAfter holds a recovery back for so long: it counts if nothing
	// new has come by then.
	ResolveAfter conf.Duration `yaml:"resolve_after"`
	// Once tells that the reason is written once and not repeated, so that no
	// conclusion is drawn from its silence but that of KeepFiringFor.
	Once bool `yaml:"once"`

	// Identity is for this rule's alerts what alerts.identity is for all.
	Identity identity.Mode `yaml:"identity"`
	// Labels are templates of labels to add.
	Labels map[string]string `yaml:"labels"`
	// Annotations are templates of annotations to add or to put in place of the
	// shipped ones.
	Annotations map[string]string `yaml:"annotations"`
}

// Validate tries everything in the configuration that can be wrong.
func (c *Config) Validate() error {
	var errs []error
	errs = append(errs, conf.Field(c.Identity.Validate(), "identity"))
	if c.MaxActive < 1 {
		errs = append(errs, conf.Field(errors.New("must be at least 1"), "max_active"))
	}
	names := map[string]int{}
	for i := range c.Rules {
		s := &c.Rules[i]
		at := func(err error) { errs = append(errs, conf.Field(err, "rules", strconv.Itoa(i))) }
		at(s.validate())
		if j, ok := names[s.Name]; ok && s.Name != "" {
			at(conf.Field(fmt.Errorf("rule %d has the name %q already", j+1, s.Name), "name"))
		}
		names[s.Name] = i
		_, err := compile(s, s.Name, c.Identity)
		at(err)
	}
	return errors.Join(errs...)
}

// validate checks what compile does not.
func (s *Spec) validate() error {
	var errs []error
	bad := func(key, format string, args ...any) {
		errs = append(errs, conf.Field(fmt.Errorf(format, args...), key))
	}
	if s.Name == defaultName || strings.HasPrefix(s.Name, builtinPrefix) {
		bad("name", "%q is a name of the shipped rules", s.Name)
	}
	if s.Drop && s.alerts() {
		bad("drop", "a rule that drops makes no alert: only name, why and matchers go with it")
	}
	if s.MinOccurrences < 0 || s.MinOccurrences > maxMinOccurrences {
		bad("min_occurrences", "must be between 0 and %d", maxMinOccurrences)
	}
	if s.Within > 0 && s.MinOccurrences == 0 {
		bad("within", "says in which time, but min_occurrences does not say how many")
	}
	if s.KeepFiringFor != nil && *s.KeepFiringFor <= 0 {
		bad("keep_firing_for", "must be longer than 0: the alert would end as it begins")
	}
	if slices.Contains(s.ResolveOn, "") {
		bad("resolve_on", "an empty reason ends nothing")
	}
	if s.ResolveAfter > 0 && len(s.ResolveOn) == 0 {
		bad("resolve_after", "says how long a recovery must hold, but resolve_on names none")
	}
	errs = append(errs, conf.Field(s.Identity.Validate(), "identity"))
	return errors.Join(errs...)
}

// alerts tells whether a key is set that only concerns rules that alert.
func (s *Spec) alerts() bool {
	return s.For != 0 || s.MinOccurrences != 0 || s.Within != 0 || s.KeepFiringFor != nil ||
		len(s.ResolveOn) > 0 || s.ResolveAfter != 0 || s.Once || s.Identity != "" ||
		len(s.Labels) > 0 || len(s.Annotations) > 0
}
