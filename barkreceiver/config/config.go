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
	// Source is part of each push's id and tells clusters apart.
	Source string `yaml:"source"`
	// Timezone is the zone of times in pushes and of quiet hours.
	Timezone string `yaml:"timezone"`
	// Language is the one that the default templates speak.
	Language string `yaml:"language"`
	// Bark says which bark-servers there are.
	Bark Bark `yaml:"bark"`
	// Webhook says who may send messages; without it, whoever can connect, as far
	// as --web.config.file lets them.
	Webhook *Webhook `yaml:"webhook"`
	// Alertmanager says where silences are made; without it pushes have no link.
	Alertmanager *Alertmanager `yaml:"alertmanager"`
	// Templates are files of templates; a name may have wildcards.
	Templates []string `yaml:"templates"`
	// DedupWindow is for how long a device is not told the same again: by
	// retries, or by a pair of Alertmanagers.
	DedupWindow conf.Duration `yaml:"dedup_window"`
	// DefaultReceiver takes what is for names that match no receiver.
	DefaultReceiver string `yaml:"default_receiver"`
	// Receivers are whom to tell, and how.
	Receivers []*Receiver `yaml:"receivers" conf:"required"`
	// Watchdog notices that Alertmanager, or what feeds it, is dead.
	Watchdog *Watchdog `yaml:"watchdog"`

	location *time.Location
	dir      string   // of the file; all paths in it start here
	files    []string // that it depends on

	templates    []string // files
	templatesBad bool     // one of them does not parse
}

// Webhook says who may send messages.
type Webhook struct {
	// BearerTokenFile has in its first line a token that each message must bring:
	// what Alertmanager's http_config sends with authorization.
	BearerTokenFile string `yaml:"bearer_token_file" conf:"required"`

	token string
}

// Token returns the token that messages must bring, "" if they need none.
func (w *Webhook) Token() string {
	if w == nil {
		return ""
	}
	return w.token
}

// Alertmanager says where silences are made.
type Alertmanager struct {
	// URL is where this program reaches it.
	URL string `yaml:"url" conf:"required"`
	// SilenceSecretFile has in its first line what signs the links, 16
	// characters or more.
	SilenceSecretFile string `yaml:"silence_secret_file" conf:"required"`
	// SilenceLinkTTL is how long a link works.
	SilenceLinkTTL conf.Duration `yaml:"silence_link_ttl"`

	HTTP config.HTTPClientConfig `yaml:",inline"`

	secret []byte
}

// Watchdog says how it is noticed that Alertmanager, or what feeds it, is
// dead: an alert that always fires no longer comes.
type Watchdog struct {
	// Receiver is Alertmanager's, whose messages are signs of life and not
	// pushed.
	Receiver string `yaml:"receiver" conf:"required"`
	// After is how long there must be no sign of life until phones are told; 1m
	// or more.
	After conf.Duration `yaml:"after" conf:"required"`
	// Tell is the receiver whose devices are told.
	Tell string `yaml:"tell" conf:"required"`
}

// Receiver is one of Alertmanager's receivers: whom to tell and how.
type Receiver struct {
	// Name is Alertmanager's name of the receiver; of an AlertmanagerConfig's
	// namespace/name/receiver the last part is enough.
	Name string `yaml:"name" conf:"required"`
	// Devices are the phones.
	Devices []*Device `yaml:"devices" conf:"required"`
	// Resolved says what becomes of a push when its group is resolved; without
	// it, update. Push is another word for new.
	Resolved string `yaml:"resolved"`
	// Server is one of bark.servers; without it, the main one.
	Server string `yaml:"server"`
	// Fallback says who is told when none of the devices can be.
	Fallback *Fallback `yaml:"fallback"`
	Params   Params    `yaml:",inline"`

	renderer *render.Renderer
	location *time.Location
}

// Params are the templates of a push's parameters.
type Params struct {
	// Title is a template, as all below; each has a default.
	Title    *string `yaml:"title"`
	Subtitle *string `yaml:"subtitle"`  // what is below the title
	Body     *string `yaml:"body"`      // the text
	Markdown *string `yaml:"markdown"`  // a text that is shown in the app as Markdown
	Group    *string `yaml:"group"`     // in which the phone stacks it
	Level    *string `yaml:"level"`     // `passive`, `active`, `timeSensitive` or `critical`
	Volume   *string `yaml:"volume"`    // of a critical push, 0 to 10
	Sound    *string `yaml:"sound"`     // the name of one of the app's
	Icon     *string `yaml:"icon"`      // a URL
	Image    *string `yaml:"image"`     // a URL
	URL      *string `yaml:"url"`       // where a tap leads
	Badge    *string `yaml:"badge"`     // the number on the app
	Call     *string `yaml:"call"`      // whether it rings for half a minute
	Copy     *string `yaml:"copy"`      // what copying it copies
	AutoCopy *string `yaml:"auto_copy"` // whether it is copied by itself
	Action   *string `yaml:"action"`    // `none`: a tap does nothing
	Archive  *string `yaml:"archive"`   // whether the app keeps it
	TTL      *string `yaml:"ttl"`       // for how many seconds the app keeps it
}

// Device is a phone.
type Device struct {
	// Name is for logs and metrics.
	Name string `yaml:"name"`
	// KeyFile has the device key in its first line.
	KeyFile string `yaml:"key_file" conf:"required"`
	// Encryption hides what a push says from bark-server and Apple.
	Encryption *Encryption `yaml:"encryption"`
	// QuietHours are when a push makes no sound and wakes no screen; nothing is
	// held back.
	QuietHours []QuietHours `yaml:"quiet_hours"`

	key    push.Key
	sealer *seal.Sealer
}

// Encryption says how pushes to a device are encrypted.
type Encryption struct {
	Algorithm string `yaml:"algorithm" conf:"required"` // as in the app
	// KeyFile has in its first line as many characters as the algorithm's key
	// has bytes: 16, 24 or 32.
	KeyFile  string `yaml:"key_file" conf:"required"`
	Insecure bool   `yaml:"insecure"` // allows ECB, which shows what parts of texts are alike
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
		if r := c.receiver(n); r != nil {
			return r
		}
	}
	return nil
}

// Renderer returns what renders the receiver's pushes.
func (r *Receiver) Renderer() *render.Renderer { return r.renderer }

// Location is where the clocks of quiet hours are.
func (r *Receiver) Location() *time.Location { return r.location }

// Key returns the device key.
func (d *Device) Key() push.Key { return d.key }

// Sealer returns what encrypts pushes to the device, nil if nothing does.
func (d *Device) Sealer() *seal.Sealer { return d.sealer }
