package series

import (
	"errors"
	"time"

	"github.com/kubebark/kubebark/internal/conf"
)

// Config bounds the series. It is the section metrics of the exporter's
// configuration.
type Config struct {
	// Limit is how many label sets get a series of their own.
	Limit int `yaml:"series_limit"`
	// LimitPerNamespace is how many of them one namespace may take.
	LimitPerNamespace int `yaml:"series_limit_per_namespace"`
	// TTL is how long a series without an occurrence stays; 0 is for ever.
	TTL conf.Duration `yaml:"series_ttl"`
	// NewSeriesDelay is how long a new series shows 0 after it was first
	// scraped.
	NewSeriesDelay conf.Duration `yaml:"new_series_delay"`
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
	return errors.Join(errs...)
}
