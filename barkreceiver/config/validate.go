package config

import (
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/prometheus/common/config"

	"github.com/kubebark/kubebark/barkreceiver/push"
	"github.com/kubebark/kubebark/barkreceiver/render"
	"github.com/kubebark/kubebark/internal/conf"
)

// UnmarshalYAML implements yaml.Unmarshaler, for the defaults.
func (a *Alertmanager) UnmarshalYAML(unmarshal func(any) error) error {
	type plain Alertmanager
	*a = Alertmanager{HTTP: config.DefaultHTTPClientConfig, SilenceLinkTTL: conf.Duration(24 * time.Hour)}
	return unmarshal((*plain)(a))
}

// Validate implements conf.Validator. It also reads the key files and parses
// the templates.
func (c *Config) Validate() error {
	var err error
	var errs []error
	bad := func(err error, path ...string) { errs = append(errs, conf.Field(err, path...)) }

	if c.location, err = time.LoadLocation(c.Timezone); err != nil || c.Timezone == "Local" {
		c.location = time.UTC
		bad(fmt.Errorf("want a time zone such as Europe/Berlin, have %q", c.Timezone), "timezone")
	}
	if !slices.Contains(render.Languages(), c.Language) {
		bad(fmt.Errorf("want one of %s, have %q", strings.Join(render.Languages(), ", "), c.Language), "language")
		c.Language = "en"
	}
	if c.DedupWindow < 0 {
		bad(errors.New("must not be negative"), "dedup_window")
	}
	bad(c.Bark.validate(c.dir), "bark")
	if c.Webhook != nil {
		bad(c.Webhook.validate(c), "webhook")
	}
	if c.Alertmanager != nil {
		bad(c.Alertmanager.validate(c), "alertmanager")
	}
	bad(c.readTemplates(), "templates")
	bad(c.validateReceivers())
	if c.Watchdog != nil {
		bad(c.Watchdog.validate(c), "watchdog")
	}
	return errors.Join(errs...)
}

func (w *Webhook) validate(c *Config) error {
	var err error
	w.token, err = c.readSecret("token", w.BearerTokenFile)
	return conf.Field(err, "bearer_token_file")
}

func (a *Alertmanager) validate(c *Config) error {
	var errs []error
	if _, err := push.ParseServerURL(a.URL); err != nil {
		errs = append(errs, conf.Field(fmt.Errorf("want a URL such as http://alertmanager:9093, have %q", a.URL), "url"))
	}
	if a.SilenceLinkTTL <= 0 {
		errs = append(errs, conf.Field(errors.New("must be more than 0"), "silence_link_ttl"))
	}
	secret, err := c.readSecret("secret", a.SilenceSecretFile)
	errs = append(errs, conf.Field(err, "silence_secret_file"))
	a.secret = []byte(secret)
	a.HTTP.SetDirectory(c.dir)
	errs = append(errs, a.HTTP.Validate())
	return errors.Join(errs...)
}

func (w *Watchdog) validate(c *Config) error {
	var errs []error
	if w.Receiver == "" {
		errs = append(errs, conf.Field(errors.New("is needed"), "receiver"))
	}
	if c.receiver(w.Receiver) != nil {
		errs = append(errs, conf.Field(fmt.Errorf("the receiver %q gets pushes, so its messages are more than signs of life", w.Receiver), "receiver"))
	}
	if w.After < conf.Duration(time.Minute) {
		errs = append(errs, conf.Field(errors.New("want 1m or more, and more than the repeat_interval of the route"), "after"))
	}
	if c.receiver(w.Tell) == nil {
		errs = append(errs, conf.Field(fmt.Errorf("there is no receiver of the name %q", w.Tell), "tell"))
	}
	return errors.Join(errs...)
}

func (c *Config) validateReceivers() error {
	var errs []error
	if len(c.Receivers) == 0 {
		errs = append(errs, conf.Field(errors.New("at least one is needed"), "receivers"))
	}
	seen := map[string]bool{}
	for i, r := range c.Receivers {
		at := func(err error) error { return conf.Field(err, "receivers", strconv.Itoa(i)) }
		if r == nil {
			errs = append(errs, at(errors.New("is empty")))
			continue
		}
		if seen[r.Name] {
			errs = append(errs, at(conf.Field(fmt.Errorf("a second receiver of the name %q", r.Name), "name")))
		}
		seen[r.Name] = true
		errs = append(errs, at(r.validate(c)))
	}
	if c.DefaultReceiver != "" && !seen[c.DefaultReceiver] {
		errs = append(errs, conf.Field(fmt.Errorf("there is no receiver of the name %q", c.DefaultReceiver), "default_receiver"))
	}
	return errors.Join(errs...)
}
