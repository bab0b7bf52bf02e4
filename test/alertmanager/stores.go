package alertmanager

import (
	"context"
	"fmt"
	"path/filepath"
	"sync"
	"time"

	"github.com/prometheus/alertmanager/eventrecorder"
	"github.com/prometheus/alertmanager/featurecontrol"
	"github.com/prometheus/alertmanager/marker"
	"github.com/prometheus/alertmanager/nflog"
	"github.com/prometheus/alertmanager/provider/mem"
	"github.com/prometheus/alertmanager/silence"
)

// The program's own defaults.
const (
	maintenanceInterval = 15 * time.Minute // between two writings of silences and notification log
	retention           = 120 * time.Hour  // of both
	gcInterval          = 30 * time.Minute // between removals of resolved alerts
	noLimit             = 0                // of alerts with one alertname
)

// stores hold what no configuration changes.
type stores struct {
	notified *nflog.Log
	silences *silence.Silences
	silencer *silence.Silencer
	alerts   *mem.Alerts
	groups   marker.GroupMarker // which groups are muted, and by what
	events   eventrecorder.Recorder
}

func (a *Alertmanager) openStores() error {
	s := &stores{groups: marker.NewGroupMarker(), events: eventrecorder.NopRecorder()}
	a.stores = s

	// The last snapshots are written when maintenance ends.
	var maintenance sync.WaitGroup
	stop := make(chan struct{})
	a.onStop(func() error {
		close(stop)
		maintenance.Wait()
		return nil
	})

	var err error
	file := filepath.Join(a.dir, "nflog")
	s.notified, err = nflog.New(nflog.Options{
		SnapshotFile: file,
		Retention:    retention,
		Logger:       a.component("nflog"),
		Metrics:      a.reg,
	})
	if err != nil {
		return fmt.Errorf("open notification log: %w", err)
	}
	maintenance.Go(func() { s.notified.Maintenance(maintenanceInterval, file, stop, nil) })

	if err := a.openSilences(stop, &maintenance); err != nil {
		return err
	}
	s.alerts, err = mem.NewAlerts(context.Background(), gcInterval, noLimit,
		s.silencer, a.log, s.events, a.reg, featurecontrol.NoopFlags{})
	if err != nil {
		return fmt.Errorf("make store of alerts: %w", err)
	}
	a.onStop(func() error {
		s.alerts.Close()
		return nil
	})
	return nil
}

func (a *Alertmanager) openSilences(stop <-chan struct{}, maintenance *sync.WaitGroup) (err error) {
	s := a.stores
	file := filepath.Join(a.dir, "silences")
	s.silences, err = silence.New(silence.Options{
		SnapshotFile:  file,
		Retention:     retention,
		Logger:        a.component("silences"),
		Metrics:       a.reg,
		EventRecorder: s.events,
	})
	if err != nil {
		return fmt.Errorf("open silences: %w", err)
	}
	maintenance.Go(func() { s.silences.Maintenance(maintenanceInterval, file, stop, nil) })
	s.silencer = silence.NewSilencer(s.silences, a.log, s.events)
	return nil
}
