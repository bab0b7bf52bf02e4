// Package logging makes the one logger of a program, a go-kit/log one, from
// the --log.level and --log.format flags, and leads libraries that speak
// log/slog into it.
package logging

import (
	"io"
	"log/slog"
	"time"

	"github.com/alecthomas/kingpin/v2"
	"github.com/go-kit/log"
	"github.com/go-kit/log/level"
	slgk "github.com/tjhop/slog-gokit"
)

// Config says what is logged and in which form. The zero value logs from info
// on, as logfmt.
type Config struct {
	Level  string // debug, info, warn or error
	Format string // logfmt or json
}

// Flags adds the logging flags to app and returns what they set.
func Flags(app *kingpin.Application) *Config {
	c := new(Config)
	app.Flag("log.level", "Only log messages of this severity or above: debug, info, warn, error.").
		Default("info").EnumVar(&c.Level, "debug", "info", "warn", "error")
	app.Flag("log.format", "Format of log messages: logfmt, json.").
		Default("logfmt").EnumVar(&c.Format, "logfmt", "json")
	return c
}

// New returns a logger that writes to w, safe for concurrent use.
func New(w io.Writer, c Config) log.Logger {
	w = log.NewSyncWriter(w)
	l := log.NewLogfmtLogger(w)
	if c.Format == "json" {
		l = log.NewJSONLogger(w)
	}
	return level.NewFilter(l, level.Allow(level.ParseDefault(c.Level, level.InfoValue())))
}

// WithTime returns a logger that puts the time and the caller in front of
// what it logs.
func WithTime(l log.Logger) log.Logger {
	utc := log.TimestampFormat(func() time.Time { return time.Now().UTC() }, "2006-01-02T15:04:05.000Z07:00")
	return log.With(l, "time", utc, "caller", log.DefaultCaller)
}

// Slog returns a slog logger that ends in l, which must not be one of
// [WithTime]: slog's records bring time and caller themselves. Levels below
// lvl are not even formatted.
func Slog(l log.Logger, c Config) *slog.Logger {
	lvl := new(slog.LevelVar)
	if err := lvl.UnmarshalText([]byte(c.Level)); err != nil {
		lvl.Set(slog.LevelInfo) // the zero Config
	}
	return slog.New(slgk.NewGoKitHandler(l, lvl))
}
