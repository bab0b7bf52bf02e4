package otlp

import (
	"errors"
	"fmt"
	"net/url"
	"strings"
	"time"

	"github.com/prometheus/common/config"

	"github.com/kubebark/kubebark/internal/conf"
)

// Config says where records are sent, and how.
type Config struct {
	// Endpoint has the form http://host:port or https://…, with a path prefix
	// where the protocol is http/protobuf: /v1/logs comes behind it. Empty is
	// nowhere.
	Endpoint string `yaml:"endpoint"`
	// Protocol is how it is spoken to.
	Protocol Protocol `yaml:"protocol"`
	// Compression is how requests are compressed.
	Compression Compression `yaml:"compression"`
	// Timeout is how long one request may take.
	Timeout          conf.Duration           `yaml:"timeout"`
	HTTPClientConfig config.HTTPClientConfig `yaml:",inline"`
}

// Protocol is one of OTLP's.
type Protocol string

// The protocols, as OpenTelemetry names them.
const (
	GRPC Protocol = "grpc"
	HTTP Protocol = "http/protobuf"
)

// Values are what it may be.
func (Protocol) Values() []string { return []string{string(GRPC), string(HTTP)} }

// Compression is how requests are compressed.
type Compression string

// The compressions.
const (
	Gzip Compression = "gzip"
	None Compression = "none"
)

// Values are what it may be.
func (Compression) Values() []string { return []string{string(Gzip), string(None)} }

// DefaultConfig returns the defaults: nothing is sent.
func DefaultConfig() Config {
	return Config{
		Protocol: GRPC, Compression: Gzip, Timeout: conf.Duration(10 * time.Second),
		HTTPClientConfig: config.DefaultHTTPClientConfig,
	}
}

// Validate implements [conf.Validator].
func (c *Config) Validate() error {
	var errs []error
	if c.Protocol != GRPC && c.Protocol != HTTP {
		errs = append(errs, conf.Field(fmt.Errorf("want %s or %s, have %q", GRPC, HTTP, c.Protocol), "protocol"))
	}
	if c.Compression != Gzip && c.Compression != None {
		errs = append(errs, conf.Field(fmt.Errorf("want %s or %s, have %q", Gzip, None, c.Compression), "compression"))
	}
	if c.Timeout <= 0 {
		errs = append(errs, conf.Field(errors.New("must be longer than 0"), "timeout"))
	}
	errs = append(errs, c.HTTPClientConfig.Validate())
	if c.Endpoint != "" {
		if u, err := c.url(); err != nil {
			errs = append(errs, conf.Field(err, "endpoint"))
		} else if u.Scheme == "http" && c.Protocol == GRPC {
			errs = append(errs, c.plain())
		}
	}
	return errors.Join(errs...)
}

const form = "want http://host:port or https://host:port"

// url never puts the endpoint as it is into an error: it may hold a password.
func (c *Config) url() (*url.URL, error) {
	u, err := url.Parse(c.Endpoint)
	switch {
	case err != nil:
		return nil, errors.New("not a URL; " + form)
	case u.Scheme != "http" && u.Scheme != "https", u.Hostname() == "":
		return nil, errors.New(form)
	case u.User != nil:
		return nil, errors.New("must not have a user; basic_auth is the place")
	case u.RawQuery != "" || u.Fragment != "":
		return nil, errors.New("must not have a query or a fragment")
	}
	u.Path = strings.TrimSuffix(u.Path, "/")
	if c.Protocol == GRPC {
		if u.Path != "" {
			return nil, fmt.Errorf("must not have a path with the protocol %s; with %s it may", GRPC, HTTP)
		}
		return u.JoinPath("/opentelemetry.proto.collector.logs.v1.LogsService/Export"), nil
	}
	return u.JoinPath("/v1/logs"), nil
}

// plain refuses what gRPC without TLS does not do.
func (c *Config) plain() error {
	h := &c.HTTPClientConfig
	for _, k := range []struct {
		name string
		set  bool
	}{
		{"basic_auth", h.BasicAuth != nil},
		{"authorization", h.Authorization != nil},
		{"oauth2", h.OAuth2 != nil},
		{"proxy_url", h.ProxyURL.URL != nil || h.ProxyFromEnvironment},
	} {
		if k.set {
			return conf.Field(fmt.Errorf("takes https, or the protocol %s", HTTP), k.name)
		}
	}
	return nil
}
