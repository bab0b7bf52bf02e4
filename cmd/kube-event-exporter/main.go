// Command kube-event-exporter counts Kubernetes Events into Prometheus
// counters, each occurrence once, and makes Warnings into alerts for
// Alertmanager.
package main

import (
	"errors"
	"fmt"
	"io"
	"os"

	"github.com/alecthomas/kingpin/v2"
	"github.com/prometheus/common/version"

	"github.com/kubebark/kubebark/internal/conf"
	"github.com/kubebark/kubebark/internal/httpd"
	"github.com/kubebark/kubebark/internal/logging"
)

const name = "kube-event-exporter"

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
	app := kingpin.New(name, "Counts Kubernetes Events exactly and makes Warnings into alerts.")
	exited := -1
	app.Terminate(func(code int) { exited = code })
	app.UsageWriter(std.out).ErrorWriter(std.err).UsageTemplate(kingpin.LongHelpTemplate)
	app.HelpFlag.Short('h')
	app.Version(version.Print(name)).VersionFlag.NoEnvar()
	logs := logging.Flags(app)

	commands := map[string]func() error{}
	service := addService(app, logs, std)
	commands["run"] = service.run
	addCheck(app, commands, std)
	addExplain(app, commands, std)

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

func addService(app *kingpin.Application, logs *logging.Config, std stdio) *service {
	c := app.Command("run", "Watch, count and alert; the default.").Default()
	s := &service{logs: logs, std: std}
	c.Flag("config.file", "Path to the configuration file.").StringVar(&s.configFile)
	c.Flag("web.telemetry-path", "Path under which metrics are served.").Default("/metrics").StringVar(&s.telemetryPath)
	s.web = httpd.AddFlags(c, ":10056")
	c.Flag("kubeconfig", "Path to a kubeconfig; default is the cluster this runs in, else $KUBECONFIG, else the user's own.").StringVar(&s.kube.Kubeconfig)
	c.Flag("kube.server", "URL of the API server; overrides the kubeconfig's.").StringVar(&s.kube.Server)
	c.Flag("namespaces", "Namespaces to watch, separated by commas; default is all.").StringVar(&s.namespaces)
	c.Flag("state.file", "Path to a file from which counters go on over a restart; default is none.").StringVar(&s.stateFile)
	c.Flag("replay.file", "Read events from a file, or - for standard input, instead of a cluster.").StringVar(&s.replayFile)
	c.Flag("replay.speed", "1 keeps the recorded spacing, 10 is ten times faster, 0 as fast as possible.").Default("1").Float64Var(&s.replaySpeed)
	c.Flag("alertmanager.url", "URL of an Alertmanager, in addition to the configuration's. Repeatable.").StringsVar(&s.alertmanagers)
	return s
}
