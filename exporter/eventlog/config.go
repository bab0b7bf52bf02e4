package eventlog

import (
	"errors"
	"time"

	"github.com/kubebark/kubebark/exporter/eventlog/otlp"
	"github.com/kubebark/kubebark/internal/conf"
)

// Config is the section event_log of the configuration. It is about what is
// written to --event-log.file and sent over OTLP.
type Config struct {
	// QueueCapacity is how many records may wait for the disk, and for OTLP; beyond it new
	// ones are dropped and counted.
	QueueCapacity int `yaml:"queue_capacity" conf:"min=1"`
	// Rotation says when a new file is begun and which old ones stay.
	Rotation Rotation `yaml:"rotation"`
	// OTLP says where records are sent besides.
	OTLP otlp.Config `yaml:"otlp"`
	// Enrichment says what is looked up about the object of an event.
	Enrichment Enrichment `yaml:"enrichment"`
}

// Rotation says when a new file is begun and which old ones stay.
type Rotation struct {
	// MaxSizeMB is how many megabytes a file may have; 0 is any number.
	MaxSizeMB int `yaml:"max_size_mb" conf:"min=0"`
	// MaxAge is for how long a file is written; 0 is for ever.
	MaxAge conf.Duration `yaml:"max_age"`
	// KeepFiles is how many old files stay; 0 is all.
	KeepFiles int `yaml:"keep_files" conf:"min=0"`
	// KeepFor is how long an old file stays, rounded up to whole days; 0 is for ever.
	KeepFor conf.Duration `yaml:"keep_for"`
}

const day = 24 * time.Hour

// keepDays is KeepFor in days, as timberjack counts it.
func (r *Rotation) keepDays() int {
	return int((time.Duration(r.KeepFor) + day - 1) / day)
}

// Enrichment says what is looked up about the object of an event. It takes
// rights of its own.
type Enrichment struct {
	// Labels are the object's labels to write; a name that ends with * stands
	// for all that begin so.
	Labels []string `yaml:"labels"`
	// Annotations are likewise the object's annotations.
	Annotations []string `yaml:"annotations"`
	// Owners writes the controllers above the object.
	Owners bool `yaml:"owners"`
	// Pod writes a pod's node, addresses and image.
	Pod bool `yaml:"pod"`
	// Zone writes the zone of the node; it takes the right to get nodes.
	Zone bool `yaml:"zone"`
	// QPS is how many requests a second the API server may get for it.
	QPS int `yaml:"qps" conf:"min=1"`
	// Burst is how many of them at once.
	Burst int `yaml:"burst" conf:"min=1"`
	// Timeout is how long after its arrival a record goes out without.
	Timeout conf.Duration `yaml:"timeout"`
}

// Enabled tells whether anything is to be looked up.
func (e *Enrichment) Enabled() bool {
	return len(e.Labels) > 0 || len(e.Annotations) > 0 || e.Owners || e.Pod || e.Zone
}

// DefaultConfig returns the defaults.
func DefaultConfig() Config {
	return Config{
		QueueCapacity: 10_000,
		Rotation:      Rotation{MaxSizeMB: 100, MaxAge: conf.Duration(day), KeepFiles: 7},
		OTLP:          otlp.DefaultConfig(),
		Enrichment:    Enrichment{QPS: 10, Burst: 50, Timeout: conf.Duration(3 * time.Second)},
	}
}

// Validate implements [conf.Validator].
func (c *Config) Validate() error {
	var errs []error
	atLeast := func(least, have int, path ...string) {
		switch {
		case have >= least:
		case least == 0:
			errs = append(errs, conf.Field(errors.New("want 0 or more"), path...))
		default:
			errs = append(errs, conf.Field(errors.New("want at least 1"), path...))
		}
	}
	atLeast(1, c.QueueCapacity, "queue_capacity")
	atLeast(0, c.Rotation.MaxSizeMB, "rotation", "max_size_mb")
	atLeast(0, int(c.Rotation.MaxAge), "rotation", "max_age")
	atLeast(0, c.Rotation.KeepFiles, "rotation", "keep_files")
	atLeast(0, int(c.Rotation.KeepFor), "rotation", "keep_for")
	atLeast(1, c.Enrichment.QPS, "enrichment", "qps")
	atLeast(1, c.Enrichment.Burst, "enrichment", "burst")
	if c.Enrichment.Timeout <= 0 {
		errs = append(errs, conf.Field(errors.New("want more than 0"), "enrichment", "timeout"))
	}
	errs = append(errs, conf.Field(c.OTLP.Validate(), "otlp"))
	return errors.Join(errs...)
}
