package chaos

import (
	"bytes"
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"sync"
)

// secrets are all that nobody may see, and where it was looked for.
type secrets struct {
	mu    sync.Mutex
	all   map[string]string // what it is, by the text itself
	read  map[string]int64  // how far each log was read
	looks int
}

func newSecrets() *secrets { return &secrets{all: map[string]string{}, read: map[string]int64{}} }

// make returns a new secret of so many characters.
func (s *secrets) make(what string, length int) string {
	text := rand.Text() + rand.Text() + rand.Text()
	s.add(what, text[:length])
	return text[:length]
}

func (s *secrets) add(what, text string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.all[text] = what
}

// in returns an error if there is a secret in what was found somewhere.
func (s *secrets) in(where string, found []byte) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.looks++
	var errs []error
	for text, what := range s.all {
		if i := bytes.Index(found, []byte(text)); i >= 0 {
			around := found[max(0, i-100):min(len(found), i+len(text)+100)]
			errs = append(errs, fmt.Errorf("%s has %s: …%s…", where, what, around))
		}
	}
	return errors.Join(errs...)
}

// log looks through what a log has more than the last time.
func (s *secrets) log(path string) error {
	const overlap = 1 << 10
	f, err := os.Open(path)
	if err != nil {
		return err
	}
	defer f.Close()
	s.mu.Lock()
	from := max(0, s.read[path]-overlap)
	s.mu.Unlock()
	if _, err := f.Seek(from, io.SeekStart); err != nil {
		return err
	}
	text, err := io.ReadAll(f)
	if err != nil {
		return err
	}
	s.mu.Lock()
	s.read[path] = from + int64(len(text))
	s.mu.Unlock()
	return s.in(path, text)
}

// process looks at a process's arguments and environment.
func (s *secrets) process(name string, pid int) error {
	var errs []error
	for _, file := range []string{"cmdline", "environ"} {
		text, err := os.ReadFile(fmt.Sprintf("/proc/%d/%s", pid, file))
		if err != nil {
			continue // it has just ended, or this is no Linux
		}
		errs = append(errs, s.in(file+" of "+name, text))
	}
	return errors.Join(errs...)
}

// secretsStay looks for secrets wherever they must not be.
func (w *world) secretsStay(ctx context.Context) error {
	var errs []error
	pages := map[string][]string{
		"exporter": {"/", "/metrics", "/alerts", "/noise", "/api/v1/alerts", "/api/v1/noise", "/-/ready", "/-/healthy", "/events"},
		"receiver": {"/", "/metrics", "/preview", "/silence", "/-/ready", "/-/healthy"},
		"alert":    {"/metrics", "/api/v2/status", "/api/v2/alerts"},
		"prom":     {"/metrics"},
	}
	for _, p := range w.programs() {
		errs = append(errs, w.secrets.log(p.running().LogFile()), w.secrets.process(p.name, p.running().Pid()))
		for kind, paths := range pages {
			if !strings.HasPrefix(p.name, kind) {
				continue
			}
			for _, path := range paths {
				_, body, err := p.get(ctx, path)
				if err == nil {
					err = w.secrets.in(p.name+path, []byte(body))
				}
				errs = append(errs, err)
			}
		}
	}
	for _, pattern := range []string{"exporter-*/state*", "exporter-*/events*", "receiver/told*"} {
		files, err := filepath.Glob(filepath.Join(w.dir, pattern))
		errs = append(errs, err)
		for _, f := range files {
			text, err := os.ReadFile(f)
			if err == nil {
				err = w.secrets.in(f, text)
			}
			errs = append(errs, err)
		}
	}
	return errors.Join(errs...)
}
