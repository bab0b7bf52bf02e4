package config

import (
	"cmp"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/kubebark/kubebark/barkreceiver/push"
	"github.com/kubebark/kubebark/barkreceiver/render"
	"github.com/kubebark/kubebark/barkreceiver/seal"
	"github.com/kubebark/kubebark/internal/conf"
)

func (r *Receiver) validate(c *Config) error {
	var errs []error
	r.location = c.location
	if r.Name == "" {
		errs = append(errs, conf.Field(errors.New("is needed"), "name"))
	}
	if len(r.Devices) == 0 {
		errs = append(errs, conf.Field(errors.New("at least one is needed"), "devices"))
	}
	resolved, err := parseResolved(r.Resolved)
	errs = append(errs, conf.Field(err, "resolved"), r.validateServer(c), r.validateDevices(c))
	if c.templatesBad {
		return errors.Join(errs...) // what depends on them would only repeat it
	}
	r.renderer, err = render.New(render.Options{
		Source: c.Source, Receiver: r.Name, Language: c.Language, Location: c.location,
		Files: c.templates, Params: r.Params.byName(), Resolved: resolved,
	})
	if err == nil {
		err = errors.Join(r.renderer.Check(time.Now())...)
	}
	errs = append(errs, templateFaults(err))
	return errors.Join(errs...)
}

func parseResolved(s string) (render.Resolved, error) {
	all := []render.Resolved{render.Update, render.Delete, render.Fresh, render.None}
	switch {
	case s == "":
		return render.Update, nil
	case s == "push": // what some call it
		return render.Fresh, nil
	case !slices.Contains(all, render.Resolved(s)):
		return "", fmt.Errorf("want one of update, delete, new, none, have %q", s)
	}
	return render.Resolved(s), nil
}

func (r *Receiver) validateDevices(c *Config) error {
	var errs []error
	names, keys := map[string]bool{}, map[push.Key]string{}
	for i, d := range r.Devices {
		at := func(err error) { errs = append(errs, conf.Field(err, "devices", strconv.Itoa(i))) }
		if d == nil {
			at(errors.New("is empty"))
			continue
		}
		if d.Name == "" {
			d.Name = "device " + strconv.Itoa(i+1)
		}
		if names[d.Name] {
			at(conf.Field(fmt.Errorf("a second device of the name %q", d.Name), "name"))
		}
		names[d.Name] = true
		at(d.validate(c))
		if other, ok := keys[d.key]; ok && d.key != "" {
			at(conf.Field(fmt.Errorf("has the same key as device %q", other), "key_file"))
		}
		keys[d.key] = d.Name
	}
	return errors.Join(errs...)
}

func (d *Device) validate(c *Config) error {
	var errs []error
	key, err := c.readKey(d.KeyFile)
	if err == nil && strings.ContainsAny(key, "/ \t?#") {
		err = fmt.Errorf("%s has more than a device key; the key is the part of the app's test URL behind the server's name", c.path(d.KeyFile))
	}
	errs = append(errs, conf.Field(err, "key_file"))
	d.key = push.Key(key)
	for i := range d.QuietHours {
		errs = append(errs, conf.Field(d.QuietHours[i].validate(), "quiet_hours", strconv.Itoa(i)))
	}
	if e := d.Encryption; e != nil {
		errs = append(errs, conf.Field(d.validateEncryption(c, e), "encryption"))
	}
	return errors.Join(errs...)
}

func (d *Device) validateEncryption(c *Config, e *Encryption) error {
	key, err := c.readKey(e.KeyFile)
	errs := []error{conf.Field(err, "key_file")}
	if fault := seal.Check(e.Algorithm, e.Insecure); fault != nil {
		errs = append(errs, conf.Field(fault, "algorithm"))
	} else if err == nil {
		d.sealer, err = seal.New(e.Algorithm, key)
		errs = append(errs, conf.Field(err, "key_file"))
	}
	return errors.Join(errs...)
}

// templateFaults names the field of each fault: the parameter's, or none, for
// the files' list is not the receiver's.
func templateFaults(err error) error {
	if err == nil {
		return nil
	}
	all := []error{err}
	if m, ok := err.(interface{ Unwrap() []error }); ok {
		all = m.Unwrap()
	}
	var errs []error
	for _, e := range all {
		var f *render.FaultError
		if errors.As(e, &f) && f.Param != "" {
			e = conf.Field(f.Err, f.Param)
		}
		errs = append(errs, e)
	}
	return errors.Join(errs...)
}

// byName returns the templates that are set.
func (p *Params) byName() map[string]string {
	all := map[string]*string{
		"title": p.Title, "subtitle": p.Subtitle, "body": p.Body, "markdown": p.Markdown,
		"group": p.Group, "level": p.Level, "volume": p.Volume, "sound": p.Sound,
		"icon": p.Icon, "image": p.Image, "url": p.URL, "badge": p.Badge, "call": p.Call,
		"copy": p.Copy, "auto_copy": p.AutoCopy, "action": p.Action, "archive": p.Archive, "ttl": p.TTL,
	}
	set := map[string]string{}
	for name, text := range all {
		if text != nil {
			set[name] = *text
		}
	}
	return set
}

// Names returns the names of the parameters that have a template of their own.
func (p *Params) Names() []string { return slices.Sorted(maps.Keys(p.byName())) }

// ResolvedMode returns what is done when a group is resolved.
func (r *Receiver) ResolvedMode() string { return cmp.Or(r.Resolved, string(render.Update)) }
