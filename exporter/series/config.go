package series

import (
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/kubebark/kubebark/internal/conf"
)

// Label is the name of a label that a series has only where it is asked for.
type Label string

// The labels that can be asked for. Both are what the event itself tells.
const (
	// LabelWorkload is the workload of the involved object.
	LabelWorkload Label = "workload"
	// LabelHost is the host of the component that reports.
	LabelHost Label = "host"
)

// Values returns the names of the labels that can be asked for.
func (Label) Values() []string { return []string{string(LabelWorkload), string(LabelHost)} }

// Config bounds the series. It is the section metrics of the exporter's
// configuration.
type Config struct {
	// Limit is how many label sets get a series of their own.
	Limit int `yaml:"series_limit" conf:"min=1"`
	// LimitPerNamespace is how many of them one namespace may take.
	LimitPerNamespace int `yaml:"series_limit_per_namespace" conf:"min=1"`
	// TTL is how long a series without an occurrence stays; 0 is for ever.
	TTL conf.Duration `yaml:"series_ttl"`
	// NewSeriesDelay is how long a new series shows 0 after it was first
	// scraped.
	NewSeriesDelay conf.Duration `yaml:"new_series_delay"`
	// Labels are further labels of each series. They make more of them, within
	// the same limits.
	Labels []Label `yaml:"labels"`
}

// DefaultConfig returns the defaults.
func DefaultConfig() Config {
	return Config{
		Limit:             10_000,
		LimitPerNamespace: 1_000,
		TTL:               conf.Duration(24 * time.Hour),
		NewSeriesDelay:    conf.Duration(2 * time.Minute),
	}
}

// Validate implements [conf.Validator].
func (c *Config) Validate() error {
	var errs []error
	if c.Limit < 1 {
		errs = append(errs, conf.Field(errors.New("want at least 1"), "series_limit"))
	}
	if c.LimitPerNamespace < 1 {
		errs = append(errs, conf.Field(errors.New("want at least 1"), "series_limit_per_namespace"))
	}
	if c.TTL < 0 {
		errs = append(errs, conf.Field(errors.New("want 0 or more"), "series_ttl"))
	}
	for i, l := range c.Labels {
		if err := l.validate(c.Labels[:i]); err != nil {
			errs = append(errs, conf.Field(err, "labels", strconv.Itoa(i)))
		}
	}
	return errors.Join(errs...)
}

func (l Label) validate(before []Label) error {
	switch {
	case !slices.Contains(l.Values(), string(l)):
		return fmt.Errorf("unknown label %q: want %s", string(l), strings.Join(l.Values(), " or "))
	case slices.Contains(before, l):
		return fmt.Errorf("label %q is named twice", string(l))
	}
	return nil
}
