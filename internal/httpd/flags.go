package httpd

import (
	"fmt"
	"net/url"

	"github.com/alecthomas/kingpin/v2"
)

// Flags are what the --web.… flags of a program set.
type Flags struct {
	Addresses     []string // host:port, at least one
	ConfigFile    string   // exporter-toolkit's; "" for plain HTTP
	TelemetryPath string   // "" means /metrics
	Lifecycle     bool     // whether POST /-/reload is served

	externalURL string
}

const defaultTelemetryPath = "/metrics"

// flagger is a program or one of its commands.
type flagger interface {
	Flag(name, help string) *kingpin.FlagClause
}

// AddFlags adds the --web.… flags to a program or one of its commands.
func AddFlags(app flagger, defaultAddress string) *Flags {
	f := new(Flags)
	app.Flag("web.telemetry-path", "Path under which metrics are served.").
		Default(defaultTelemetryPath).StringVar(&f.TelemetryPath)
	app.Flag("web.listen-address", "Address to listen on. Repeatable.").
		Default(defaultAddress).StringsVar(&f.Addresses)
	app.Flag("web.config.file", "Path to a web configuration file for TLS, mTLS or basic authentication. See the exporter-toolkit's documentation.").
		StringVar(&f.ConfigFile)
	app.Flag("web.external-url", "URL under which users reach this program; links in alerts and pushes begin with it.").
		StringVar(&f.externalURL)
	app.Flag("web.enable-lifecycle", "Serve POST /-/reload.").BoolVar(&f.Lifecycle)
	return f
}

// ExternalURL returns the URL of --web.external-url without a slash at its
// end; "" if it was not given.
func (f *Flags) ExternalURL() (string, error) {
	if f.externalURL == "" {
		return "", nil
	}
	u, err := url.Parse(f.externalURL)
	if err != nil {
		return "", fmt.Errorf("--web.external-url: %w", err)
	}
	if (u.Scheme != "http" && u.Scheme != "https") || u.Host == "" {
		return "", fmt.Errorf("--web.external-url: want a URL such as https://host/path, have %q", f.externalURL)
	}
	for len(u.Path) > 0 && u.Path[len(u.Path)-1] == '/' {
		u.Path = u.Path[:len(u.Path)-1]
	}
	return u.String(), nil
}
