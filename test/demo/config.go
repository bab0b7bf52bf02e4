package demo

import (
	"bytes"
	"crypto/rand"
	"embed"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"text/template"
	"time"

	"github.com/kubebark/kubebark/test/phone"
)

//go:embed config
var configs embed.FS

// layout is the demo's directory: configurations, keys, logs.
type layout struct {
	dir  string
	keys map[string]string // by file name
}

// device is a phone of the demo.
type device struct {
	name, file string
	encrypted  bool
}

// devices are the two phones: one gets everything, the other what concerns
// the team that owns the shop, encrypted end to end.
func devices() []device {
	return []device{
		{name: "Ada, on call", file: "ada"},
		{name: "Bo, shop team", file: "bo", encrypted: true},
	}
}

const aesSuffix = ".aes"

// newLayout makes the directory and the keys in it.
func newLayout() (*layout, error) {
	dir, err := os.MkdirTemp("", "kubebark-demo-")
	if err != nil {
		return nil, err
	}
	l := &layout{dir: dir, keys: map[string]string{"silence": rand.Text()}}
	for _, d := range devices() {
		l.keys[d.file] = rand.Text()[:22]
		if d.encrypted {
			l.keys[d.file+aesSuffix] = (rand.Text() + rand.Text())[:32]
		}
	}
	if err := os.Mkdir(filepath.Join(dir, "keys"), 0o700); err != nil {
		return l, err
	}
	for file, key := range l.keys {
		if err := os.WriteFile(filepath.Join(dir, "keys", file), []byte(key+"\n"), 0o600); err != nil {
			return l, err
		}
	}
	return l, nil
}

// phones adds the demo's devices to a server.
func (l *layout) phones(s *phone.Server) {
	for _, d := range devices() {
		o := phone.DeviceOptions{Name: d.name, Key: l.keys[d.file]}
		if d.encrypted {
			o.Cipher = phone.Cipher{Algorithm: "aes-256-gcm", Key: l.keys[d.file+aesSuffix]}
		}
		s.AddDevice(o)
	}
}

// settings are what the configurations' templates see.
type settings struct {
	Phone, Alertmanager, Exporter, Bark string // URLs
	RealBark, BarkServer, BarkKeyFile   string // of a real phone; RealBark is empty without one
	Impatient                           string // after so long a quiet some alerts are over; "" as shipped

	GroupWait, GroupInterval, Resend, NewSeriesDelay string
}

// Waits of Alertmanager and the exporter, short because the story is.
const (
	liveGroupWait   = 5 * time.Second
	replayGroupWait = 2 * time.Second
	groupInterval   = 5 * time.Second
)

func (o *options) settings() settings {
	s := settings{
		Phone: o.url(partPhone, ""), Alertmanager: o.url(partAlertmanager, ""),
		Exporter: o.url(partExporter, ""), Bark: o.url(partBark, ""),
		Impatient: o.impatient,
		GroupWait: replayGroupWait.String(), GroupInterval: groupInterval.String(),
		Resend: "5s", NewSeriesDelay: "5s",
	}
	if o.kubeconfig != "" || o.own {
		s.GroupWait = liveGroupWait.String()
	}
	if o.barkKeyFile != "" {
		s.RealBark, s.BarkServer, s.BarkKeyFile = o.url(partRealBark, ""), o.barkServer, o.barkKeyFile
	}
	return s
}

// write fills in the configurations.
func (l *layout) write(s settings) error {
	names := []string{"alertmanager.yml", "exporter.yml", "bark.yml"}
	if s.RealBark != "" {
		names = append(names, "bark-real.yml")
	}
	t, err := template.ParseFS(configs, "config/*.yml")
	if err != nil {
		return err
	}
	var errs []error
	for _, name := range names {
		var b bytes.Buffer
		if err := t.ExecuteTemplate(&b, name, s); err != nil {
			errs = append(errs, fmt.Errorf("write %s: %w", name, err))
			continue
		}
		errs = append(errs, os.WriteFile(l.path(name), b.Bytes(), 0o600))
	}
	return errors.Join(errs...)
}

func (l *layout) path(name string) string { return filepath.Join(l.dir, name) }

func (l *layout) remove() error { return os.RemoveAll(l.dir) }
