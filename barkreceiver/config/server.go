package config

import (
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/prometheus/common/config"

	"github.com/kubebark/kubebark/barkreceiver/push"
	"github.com/kubebark/kubebark/internal/conf"
)

// Bark says which bark-servers there are. The one that has no name is for all
// receivers that name none.
type Bark struct {
	Server `yaml:",inline"`
	// Servers are further ones by their names, for receivers that name one.
	Servers Servers `yaml:"servers"`
}

// Server is a bark-server, and how to speak to it.
type Server struct {
	// ServerURL is the public server or your own, with a path prefix if it has
	// one.
	ServerURL string `yaml:"server_url" conf:"required"`
	// Timeout is how long one request may take.
	Timeout conf.Duration `yaml:"timeout"`

	HTTP config.HTTPClientConfig `yaml:",inline"`
}

// Servers are bark-servers by name.
type Servers map[string]*Server

// Fallback says who is told when a receiver's own devices cannot be.
type Fallback struct {
	// Receiver is who is told then.
	Receiver string `yaml:"receiver" conf:"required"`
	// After is how long none of the devices could be told; it is at once if all
	// refuse for good.
	After conf.Duration `yaml:"after"`
}

func defaultServer() Server {
	return Server{ServerURL: "https://api.day.app", Timeout: conf.Duration(10 * time.Second), HTTP: config.DefaultHTTPClientConfig}
}

// namedServer is a server that has its defaults before it is read.
type namedServer Server

// UnmarshalYAML implements yaml.Unmarshaler, for the defaults.
func (s *namedServer) UnmarshalYAML(unmarshal func(any) error) error {
	type plain namedServer
	*s = namedServer(defaultServer())
	s.ServerURL = "" // no use in naming the main one's
	return unmarshal((*plain)(s))
}

// UnmarshalYAML implements yaml.Unmarshaler, for the defaults.
func (s *Servers) UnmarshalYAML(unmarshal func(any) error) error {
	var named map[string]*namedServer
	if err := unmarshal(&named); err != nil {
		return err
	}
	*s = Servers{}
	for name, n := range named {
		(*s)[name] = (*Server)(n)
	}
	return nil
}

// UnmarshalYAML implements yaml.Unmarshaler, for the defaults.
func (f *Fallback) UnmarshalYAML(unmarshal func(any) error) error {
	type plain Fallback
	*f = Fallback{After: conf.Duration(5 * time.Minute)}
	return unmarshal((*plain)(f))
}

// All returns the servers by name, the main one under "".
func (b *Bark) All() map[string]*Server {
	all := map[string]*Server{"": &b.Server}
	maps.Copy(all, b.Servers)
	return all
}

func (b *Bark) validate(dir string) error {
	errs := []error{b.Server.validate(dir)}
	for _, name := range slices.Sorted(maps.Keys(b.Servers)) {
		s := b.Servers[name]
		err := errors.New("is empty")
		switch {
		case name == "":
			err = errors.New("a server needs a name")
		case s != nil:
			err = s.validate(dir)
		}
		errs = append(errs, conf.Field(err, "servers", name))
	}
	return errors.Join(errs...)
}

func (s *Server) validate(dir string) error {
	var errs []error
	if _, err := push.ParseServerURL(s.ServerURL); err != nil {
		errs = append(errs, conf.Field(err, "server_url"))
	}
	if s.Timeout <= 0 {
		errs = append(errs, conf.Field(errors.New("must be more than 0"), "timeout"))
	}
	s.HTTP.SetDirectory(dir)
	errs = append(errs, s.HTTP.Validate())
	return errors.Join(errs...)
}

// validateServer finds the server and the fallback that the receiver names.
func (r *Receiver) validateServer(c *Config) error {
	var errs []error
	if len(c.Bark.Servers) == 0 && r.Server != "" {
		errs = append(errs, conf.Field(fmt.Errorf("bark.servers has none, so none of the name %q", r.Server), "server"))
	} else if _, ok := c.Bark.Servers[r.Server]; !ok && r.Server != "" {
		names := slices.Sorted(maps.Keys(c.Bark.Servers))
		errs = append(errs, conf.Field(fmt.Errorf("want one of bark.servers (%s), have %q", strings.Join(names, ", "), r.Server), "server"))
	}
	if f := r.Fallback; f != nil {
		errs = append(errs, conf.Field(f.validate(c, r), "fallback"))
	}
	return errors.Join(errs...)
}

func (f *Fallback) validate(c *Config, r *Receiver) error {
	next := c.receiver(f.Receiver)
	var err error
	switch {
	case f.Receiver == "":
		err = errors.New("is needed")
	case next == nil:
		err = fmt.Errorf("there is no receiver of the name %q", f.Receiver)
	case next == r:
		err = errors.New("is the receiver itself")
	case next.Fallback != nil:
		err = fmt.Errorf("the receiver %q has a fallback itself; one step is all there is", f.Receiver)
	}
	return conf.Field(err, "receiver")
}

// receiver returns the receiver of that very name, or nil.
func (c *Config) receiver(name string) *Receiver {
	i := slices.IndexFunc(c.Receivers, func(r *Receiver) bool { return r != nil && r.Name == name && name != "" })
	if i < 0 {
		return nil
	}
	return c.Receivers[i]
}

// FallbackOf returns who is told when the receiver's devices cannot be, or
// nil.
func (c *Config) FallbackOf(r *Receiver) *Receiver {
	if r.Fallback == nil {
		return nil
	}
	return c.receiver(r.Fallback.Receiver)
}
