package alertbridge

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"time"

	"github.com/go-kit/log"
	"github.com/go-kit/log/level"

	"github.com/kubebark/kubebark/alertbridge/episode"
	"github.com/kubebark/kubebark/internal/atomicfile"
)

const (
	stateVersion = 1
	// saveInterval may be long: what a crash loses of it, a list brings back,
	// but for the time when an alert began.
	saveInterval = 30 * time.Second
)

// stateFile keeps the alerts over a restart, which then go on with the times
// when they began, and also if their events have expired since.
type stateFile struct {
	path    string
	owner   string
	tracker *episode.Tracker
	logger  log.Logger
	written []byte
	failing bool // the last try failed
}

type savedState struct {
	Version  int             `json:"version"`
	Owner    string          `json:"owner"`
	Episodes []episode.Saved `json:"episodes"`
}

// load takes up what the file holds. A damaged one, or another cluster's, is
// set aside, since to lose it is better than not to start.
func (f *stateFile) load() error {
	if f.path == "" {
		return nil
	}
	data, err := os.ReadFile(f.path)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		return fmt.Errorf("read the alerts of an earlier run: %w", err)
	}
	var s savedState
	err = json.Unmarshal(data, &s)
	if err == nil && s.Version != stateVersion {
		err = fmt.Errorf("version %d is not known", s.Version)
	}
	if err == nil && s.Owner != f.owner {
		err = errors.New("they are another cluster's")
	}
	if err != nil {
		aside := f.path + ".aside"
		level.Error(f.logger).Log("msg", "the alerts of an earlier run are of no use; their file is set aside",
			"file", aside, "err", err)
		if err := os.Rename(f.path, aside); err != nil {
			return fmt.Errorf("set the file of alerts aside: %w", err)
		}
		return nil
	}
	f.tracker.Restore(s.Episodes)
	level.Info(f.logger).Log("msg", "going on with the alerts of an earlier run", "count", len(s.Episodes))
	return nil
}

// run saves now and then, and when ctx is done.
func (f *stateFile) run(ctx context.Context) error {
	if f.path == "" {
		return nil
	}
	tick := time.NewTicker(saveInterval)
	defer tick.Stop()
	for {
		select {
		case <-tick.C:
			f.save()
		case <-ctx.Done():
			f.save()
			return nil
		}
	}
}

// save writes the file if anything has changed. Only the first of
// several failures in a row is logged.
func (f *stateFile) save() {
	data, err := json.Marshal(savedState{stateVersion, f.owner, f.tracker.Save()})
	if err == nil && bytes.Equal(data, f.written) {
		return
	}
	if err == nil {
		err = atomicfile.Write(f.path, data)
	}
	if err != nil {
		if !f.failing {
			level.Error(f.logger).Log("msg", "alerts not saved, trying again", "file", f.path, "err", err)
		}
		f.failing = true
		return
	}
	f.written, f.failing = data, false
}
