// Package config is alertmanager-bark's configuration file.
//
// [Load] reads the file, the keys it names and the templates, and puts them
// together into what the receiver works with, so that a configuration is
// either ready for use or refused with each fault named by file, line and key.
package config

import (
	"path/filepath"
	"slices"
	"time"

	"github.com/prometheus/common/config"

	"github.com/kubebark/kubebark/barkreceiver/push"
	"github.com/kubebark/kubebark/barkreceiver/render"
	"github.com/kubebark/kubebark/barkreceiver/seal"
	"github.com/kubebark/kubebark/internal/conf"
)

// Config is the configuration file.
type Config struct {
	Source          string        `yaml:"source"`
	Timezone        string        `yaml:"timezone"`
	Language        string        `yaml:"language"`
	Bark            Bark          `yaml:"bark"`
	Alertmanager    *Alertmanager `yaml:"alertmanager"`
	Templates       []string      `yaml:"templates"`
	DedupWindow     conf.Duration `yaml:"dedup_window"`
	DefaultReceiver string        `yaml:"default_receiver"`
	Receivers       []*Receiver   `yaml:"receivers"`
	Watchdog        *Watchdog     `yaml:"watchdog"`

	location *time.Location
	dir      string   // of the file; all paths in it start here
	files    []string // that it depends on

	templates    []string // files
	templatesBad bool     // one of them does not parse
}

// Alertmanager says where silences are made.
type Alertmanager struct {
	URL               string        `yaml:"url"`
	SilenceSecretFile string        `yaml:"silence_secret_file"`
	SilenceLinkTTL    conf.Duration `yaml:"silence_link_ttl"`

	HTTP config.HTTPClientConfig `yaml:",inline"`

	secret []byte
}

// Watchdog says how it is noticed that Alertmanager, or what feeds it, is
// dead: an alert that always fires no longer comes.
type Watchdog struct {
	Receiver string        `yaml:"receiver"` // Alertmanager's, whose messages are signs of life and not pushed
	After    conf.Duration `yaml:"after"`    // without one for so long phones are told
	Tell     string        `yaml:"tell"`     // receiver whose devices are told
}

// Receiver is one of Alertmanager's receivers: whom to tell and how.
type Receiver struct {
	Name     string    `yaml:"name"`
	Devices  []*Device `yaml:"devices"`
	Resolved string    `yaml:"resolved"`
	Server   string    `yaml:"server"` // one of bark.servers; "" is the main one
	Fallback *Fallback `yaml:"fallback"`
	Params   Params    `yaml:",inline"`

	renderer *render.Renderer
	location *time.Location
}

// Params are the templates of a push's parameters.
type Params struct {
	Title    *string `yaml:"title"`
	Subtitle *string `yaml:"subtitle"`
	Body     *string `yaml:"body"`
	Markdown *string `yaml:"markdown"`
	Group    *string `yaml:"group"`
	Level    *string `yaml:"level"`
	Volume   *string `yaml:"volume"`
	Sound    *string `yaml:"sound"`
	Icon     *string `yaml:"icon"`
	Image    *string `yaml:"image"`
	URL      *string `yaml:"url"`
	Badge    *string `yaml:"badge"`
	Call     *string `yaml:"call"`
	Copy     *string `yaml:"copy"`
	AutoCopy *string `yaml:"auto_copy"`
	Action   *string `yaml:"action"`
	Archive  *string `yaml:"archive"`
	TTL      *string `yaml:"ttl"`
}

// Device is a phone.
type Device struct {
	Name       string       `yaml:"name"`
	KeyFile    string       `yaml:"key_file"`
	Encryption *Encryption  `yaml:"encryption"`
	QuietHours []QuietHours `yaml:"quiet_hours"`

	key    push.Key
	sealer *seal.Sealer
}

// Encryption says how pushes to a device are encrypted.
type Encryption struct {
	Algorithm string `yaml:"algorithm"`
	KeyFile   string `yaml:"key_file"`
	Insecure  bool   `yaml:"insecure"` // allows ECB
}

// Load reads the configuration file. The files that it depends on are returned
// also where there is a fault.
func Load(path string) (c *Config, files []string, err error) {
	dir := filepath.Dir(path)
	c = &Config{
		Timezone:    "UTC",
		Language:    "en",
		Bark:        Bark{Server: defaultServer()},
		DedupWindow: conf.Duration(15 * time.Minute),
		dir:         dir,
	}
	err = conf.Load(path, c)
	c.files = append([]string{path}, c.files...)
	if err != nil {
		return nil, c.files, err
	}
	return c, c.files, nil
}

// Location is where the configured time zone is kept.
func (c *Config) Location() *time.Location { return c.location }

// Secret returns what silence links are signed with.
func (a *Alertmanager) Secret() []byte { return a.secret }

// Find returns the receiver for the first of the names that one has, or else
// the default one, or nil.
func (c *Config) Find(names []string) *Receiver {
	for _, n := range append(slices.Clone(names), c.DefaultReceiver) {
		i := slices.IndexFunc(c.Receivers, func(r *Receiver) bool { return r.Name == n })
		if i >= 0 && n != "" {
			return c.Receivers[i]
		}
	}
	return nil
}

// Renderer returns what renders the receiver's pushes.
func (r *Receiver) Renderer() *render.Renderer { return r.renderer }

// Location is where the clocks of quiet hours are.
func (r *Receiver) Location() *time.Location { return r.location }

// Push returns the device as the push client knows it.
func (d *Device) Push() push.Device { return push.Device{Name: d.Name, Key: d.key} }

// Sealer returns what encrypts pushes to the device, nil if nothing does.
func (d *Device) Sealer() *seal.Sealer { return d.sealer }
