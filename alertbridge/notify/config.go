package notify

import (
	"errors"
	"fmt"
	"net/url"
	"strconv"
	"strings"
	"time"

	"github.com/prometheus/common/config"

	"github.com/kubebark/kubebark/internal/conf"
)

// Config is the section alerting of the configuration.
type Config struct {
	// Alertmanagers get all alerts, each of them.
	Alertmanagers []Alertmanager `yaml:"alertmanagers"`
	// ResendInterval is how often a lasting alert is sent again.
	ResendInterval conf.Duration `yaml:"resend_interval"`
	// QueueCapacity is how many alerts may wait for one Alertmanager; beyond it
	// the oldest is dropped and counted.
	QueueCapacity int `yaml:"queue_capacity" conf:"min=1"`
}

// Alertmanager is one entry: one Alertmanager, or all that a name stands for.
type Alertmanager struct {
	// URL has the form http://host:port or https://…, with a path prefix if
	// need be; dns+http://name:port is each address of the name,
	// dnssrv+http://name each target of the service record.
	URL string `yaml:"url" conf:"required"`
	// Timeout is how long one request may take.
	Timeout          conf.Duration           `yaml:"timeout"`
	HTTPClientConfig config.HTTPClientConfig `yaml:",inline"`
}

const defaultTimeout = conf.Duration(10 * time.Second)

// DefaultConfig returns the configuration of a user who wrote none: it names
// no Alertmanager.
func DefaultConfig() Config {
	return Config{ResendInterval: conf.Duration(time.Minute), QueueCapacity: 10000}
}

// NewAlertmanager returns an entry for the URL with default settings.
func NewAlertmanager(rawURL string) Alertmanager {
	return Alertmanager{URL: rawURL, Timeout: defaultTimeout, HTTPClientConfig: config.DefaultHTTPClientConfig}
}

// UnmarshalYAML sets the defaults. It has the older of the two forms that the
// decoder knows, since only this one keeps refusing unknown keys.
func (a *Alertmanager) UnmarshalYAML(unmarshal func(any) error) error {
	type plain Alertmanager
	p := plain(NewAlertmanager(""))
	if err := unmarshal(&p); err != nil {
		return err
	}
	*a = Alertmanager(p)
	return nil
}

// SetDirectory makes relative paths relative to dir, the directory of the
// configuration file.
func (c *Config) SetDirectory(dir string) {
	for i := range c.Alertmanagers {
		c.Alertmanagers[i].HTTPClientConfig.SetDirectory(dir)
	}
}

// Validate checks the configuration.
func (c *Config) Validate() error {
	var errs []error
	if c.ResendInterval <= 0 {
		errs = append(errs, conf.Field(errors.New("must be longer than 0"), "resend_interval"))
	}
	if c.QueueCapacity < 1 {
		errs = append(errs, conf.Field(errors.New("must be at least 1"), "queue_capacity"))
	}
	seen := map[string]int{}
	for i := range c.Alertmanagers {
		a := &c.Alertmanagers[i]
		at := func(err error) {
			errs = append(errs, conf.Field(err, "alertmanagers", strconv.Itoa(i)))
		}
		if _, err := parseEntry(a); err != nil {
			at(conf.Field(err, "url"))
		}
		if a.Timeout <= 0 {
			at(conf.Field(errors.New("must be longer than 0"), "timeout"))
		}
		at(a.HTTPClientConfig.Validate())
		if j, ok := seen[a.URL]; ok {
			at(conf.Field(fmt.Errorf("alertmanagers.%d has this URL already", j), "url"))
		}
		seen[a.URL] = i
	}
	return errors.Join(errs...)
}

// UI returns where people may reach the first Alertmanager, "" if there is
// none. No user is in it.
func (c *Config) UI() string {
	for i := range c.Alertmanagers {
		if e, err := parseEntry(&c.Alertmanagers[i]); err == nil && e.lookup != lookupSRV {
			return e.url.String()
		}
	}
	return ""
}

// lookup says how an entry's name leads to addresses.
type lookup uint8

const (
	lookupNone lookup = iota // the HTTP client's matter
	lookupHost               // dns+: each address of the name
	lookupSRV                // dnssrv+: each target of the SRV record
)

// entry is an Alertmanager of the configuration, its URL parsed. The URL holds
// neither the lookup prefix nor user and password.
type entry struct {
	lookup  lookup
	url     *url.URL
	user    *url.Userinfo
	timeout time.Duration
	http    config.HTTPClientConfig
}

const urlForms = "http://host:port, https://…, dns+http://… or dnssrv+http://…"

// parseEntry never puts the URL as it is into an error: it may hold a password.
func parseEntry(a *Alertmanager) (*entry, error) {
	e := &entry{timeout: time.Duration(a.Timeout), http: a.HTTPClientConfig}
	raw := a.URL
	if rest, ok := strings.CutPrefix(raw, "dnssrv+"); ok {
		e.lookup, raw = lookupSRV, rest
	} else if rest, ok := strings.CutPrefix(raw, "dns+"); ok {
		e.lookup, raw = lookupHost, rest
	}
	u, err := url.Parse(raw)
	if err != nil {
		return nil, fmt.Errorf("not a URL; want %s", urlForms)
	}
	switch {
	case u.Scheme != "http" && u.Scheme != "https", u.Hostname() == "":
		return nil, fmt.Errorf("want %s", urlForms)
	case u.RawQuery != "" || u.Fragment != "":
		return nil, errors.New("must not have a query or a fragment")
	case strings.HasSuffix(strings.TrimRight(u.Path, "/"), "/api/v2/alerts"):
		return nil, errors.New("give the address without /api/v2/alerts, which is added")
	case e.lookup == lookupSRV && u.Port() != "":
		return nil, errors.New("an SRV record gives the port, so the URL must not")
	case u.User != nil && (a.HTTPClientConfig.BasicAuth != nil || a.HTTPClientConfig.Authorization != nil):
		return nil, errors.New("has a user although basic_auth or authorization says who we are")
	}
	e.user, u.User = u.User, nil
	u.Path, u.RawPath = strings.TrimRight(u.Path, "/"), ""
	e.url = u
	return e, nil
}
