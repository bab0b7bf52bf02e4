package conf

import (
	"context"
	"crypto/sha256"
	"errors"
	"os"
	"os/signal"
	"sync"
	"syscall"
	"time"

	"github.com/go-kit/log"
	"github.com/go-kit/log/level"
	"github.com/prometheus/client_golang/prometheus"
)

// Apply loads the configuration and puts it in force. It returns the files
// that it depends on, the configuration's own among them, also when it fails.
// On an error it must have changed nothing.
type Apply func() (files []string, err error)

// Reloader applies a configuration at the start and whenever it changes.
type Reloader struct {
	apply    Apply
	logger   log.Logger
	interval time.Duration

	mu    sync.Mutex          // held while applying
	files map[string]checksum // of what was applied

	successful prometheus.Gauge
	lastTime   prometheus.Gauge
}

// ReloaderOptions are the options of [NewReloader].
type ReloaderOptions struct {
	Logger     log.Logger
	Registerer prometheus.Registerer
	Namespace  string // prefix of the two gauges
	Apply      Apply
	Interval   time.Duration // how often files are looked at; 0 means 15 s
}

// NewReloader applies the configuration for the first time and returns its
// fault, if there is one.
func NewReloader(o ReloaderOptions) (*Reloader, error) {
	r := &Reloader{
		apply:    o.Apply,
		logger:   o.Logger,
		interval: o.Interval,
		successful: prometheus.NewGauge(prometheus.GaugeOpts{
			Namespace: o.Namespace, Name: "config_last_reload_successful",
			Help: "Whether the last attempt to load the configuration succeeded.",
		}),
		lastTime: prometheus.NewGauge(prometheus.GaugeOpts{
			Namespace: o.Namespace, Name: "config_last_reload_success_timestamp_seconds",
			Help: "Time of the last successful load of the configuration.",
		}),
	}
	if r.interval <= 0 {
		r.interval = 15 * time.Second
	}
	o.Registerer.MustRegister(r.successful, r.lastTime)
	err := r.Reload(context.Background())
	return r, err
}

// Reload applies the configuration now and returns its fault. It gives up
// waiting for another reload when ctx is done.
func (r *Reloader) Reload(ctx context.Context) error {
	r.mu.Lock()
	defer r.mu.Unlock()
	if err := ctx.Err(); err != nil {
		return err
	}
	// Of before they are read: what changes while they are is found at the next
	// look. A file that is new can only be looked at afterwards.
	before := make(map[string]checksum, len(r.files))
	for f := range r.files {
		before[f] = checksumOf(f)
	}
	files, err := r.apply()
	if len(files) > 0 {
		r.files = make(map[string]checksum, len(files))
		for _, f := range files {
			sum, known := before[f]
			if !known {
				sum = checksumOf(f)
			}
			r.files[f] = sum
		}
	} else {
		r.files = before
	}
	if err != nil {
		r.successful.Set(0)
		return err
	}
	r.successful.Set(1)
	r.lastTime.SetToCurrentTime()
	return nil
}

// Run reloads whenever SIGHUP comes or the content of a file has changed, until
// ctx is done. Faults are logged; the configuration in force stays.
func (r *Reloader) Run(ctx context.Context) error {
	hup := make(chan os.Signal, 1)
	signal.Notify(hup, syscall.SIGHUP)
	defer signal.Stop(hup)
	tick := time.NewTicker(r.interval)
	defer tick.Stop()
	for {
		var cause string
		select {
		case <-ctx.Done():
			return nil
		case <-hup:
			cause = "SIGHUP"
		case <-tick.C:
			if !r.changed() {
				continue
			}
			cause = "a file has changed"
		}
		if err := r.Reload(ctx); err != nil {
			logFaults(r.logger, err)
			continue
		}
		level.Info(r.logger).Log("msg", "configuration loaded", "cause", cause)
	}
}

func logFaults(l log.Logger, err error) {
	var e *Error
	if !errors.As(err, &e) {
		level.Error(l).Log("msg", "configuration refused, the one in force stays", "err", err)
		return
	}
	for _, f := range e.Faults {
		one := &Error{File: e.File, Faults: []Fault{f}}
		level.Error(l).Log("msg", "configuration refused, the one in force stays", "err", one)
	}
}

func (r *Reloader) changed() bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	for f, sum := range r.files {
		if checksumOf(f) != sum {
			return true
		}
	}
	return false
}

// checksum is over contents, since times and inodes mislead where a mounted
// Secret or ConfigMap is swapped by a symbolic link. That of a file that cannot
// be read is zero.
type checksum [sha256.Size]byte

func checksumOf(file string) checksum {
	data, err := os.ReadFile(file)
	if err != nil {
		return checksum{}
	}
	return sha256.Sum256(data)
}
