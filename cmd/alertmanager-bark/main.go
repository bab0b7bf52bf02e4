// Command alertmanager-bark takes alerts from Alertmanager's webhook and
// pushes them to phones through Bark.
package main

import (
	"errors"
	"fmt"
	"io"
	"os"
	_ "time/tzdata" // for images that have no zones

	"github.com/alecthomas/kingpin/v2"
	"github.com/prometheus/common/version"

	"github.com/kubebark/kubebark/internal/conf"
	"github.com/kubebark/kubebark/internal/logging"
)

const name = "alertmanager-bark"

// The exit statuses, beside 0.
const (
	exitFailure = 1
	exitUsage   = 2 // wrong usage or configuration
)

func main() {
	os.Exit(run(os.Args[1:], stdio{os.Stdin, os.Stdout, os.Stderr}))
}

type stdio struct {
	in       io.Reader
	out, err io.Writer
}

// errUsage marks an error as the user's to mend: exit status 2.
var errUsage = errors.New("wrong usage")

type usageError struct{ error }

func (usageError) Is(target error) bool { return target == errUsage }
func (e usageError) Unwrap() error      { return e.error }

func run(args []string, std stdio) int {
	app := kingpin.New(name, "Pushes Alertmanager's alerts to phones through Bark.")
	exited := -1
	app.Terminate(func(code int) { exited = code })
	app.UsageWriter(std.out).ErrorWriter(std.err).UsageTemplate(kingpin.LongHelpTemplate)
	app.HelpFlag.Short('h')
	app.Version(version.Print(name)).VersionFlag.NoEnvar()
	logs := logging.Flags(app)

	commands := map[string]func() error{}
	addService(app, commands, logs, std)
	addCheck(app, commands, std)
	addRender(app, commands, std)
	addPush(app, commands, std)

	command, err := app.Parse(args)
	if exited >= 0 {
		return exited // --help or --version
	}
	if err != nil {
		fmt.Fprintf(std.err, "%s: %v; try --help\n", name, err)
		return exitUsage
	}
	return status(commands[command](), std.err)
}

// status prints an error, a line for each fault, and returns the exit status.
func status(err error, w io.Writer) int {
	if err == nil {
		return 0
	}
	if _, ok := errors.AsType[*conf.Error](err); ok {
		fmt.Fprintln(w, err)
		return exitUsage
	}
	fmt.Fprintf(w, "%s: %v\n", name, err)
	if errors.Is(err, errUsage) {
		return exitUsage
	}
	return exitFailure
}
