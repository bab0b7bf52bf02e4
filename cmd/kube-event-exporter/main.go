// Command kube-event-exporter counts Kubernetes Events into Prometheus
// counters, each occurrence once, and makes Warnings into alerts for
// Alertmanager.
package main

import (
	"os"
	"os/signal"
	"runtime"
	"syscall"

	"github.com/kubebark/kubebark/internal/cli"
	"github.com/kubebark/kubebark/internal/httpd"
	"github.com/kubebark/kubebark/internal/logging"
)

const name = "kube-event-exporter"

func main() {
	runtime.MemProfileRate = 0 // nobody can ask for a profile, and its table is large
	// Whoever reads the event log on standard output may go: that is a failed
	// write, and not the end of counting.
	signal.Ignore(syscall.SIGPIPE)
	os.Exit(run(os.Args[1:], cli.Stdio{In: os.Stdin, Out: os.Stdout, Err: os.Stderr}))
}

func run(args []string, std cli.Stdio) int { return application(std).Run(args) }

func application(std cli.Stdio) *cli.App {
	app := cli.New(name, "Counts Kubernetes Events exactly and makes Warnings into alerts.", std)
	addService(app)
	addCheck(app)
	addExplain(app)
	return app
}

func addService(app *cli.App) {
	c := app.Command("run", "Watch, count and alert; the default.").Default()
	s := &service{logs: logging.Flags(app.Application), std: app.Stdio}
	app.Handle(c, s.run)
	c.Flag("config.file", "Path to the configuration file.").StringVar(&s.configFile)
	s.web = httpd.AddFlags(c, ":10056")
	c.Flag("kubeconfig", "Path to a kubeconfig; default is the cluster this runs in, else $KUBECONFIG, else the user's own.").StringVar(&s.kube.Kubeconfig)
	c.Flag("kube.server", "URL of the API server; overrides the kubeconfig's.").StringVar(&s.kube.Server)
	c.Flag("namespaces", "Namespaces to watch, separated by commas, with one watch and a Role each; default is all.").StringVar(&s.namespaces)
	c.Flag("state.file", "Path to a file from which counters go on over a restart, also one by SIGKILL; alerts go on from a file beside it. Default is none.").StringVar(&s.stateFile)
	s.events.flags(c)
	s.shards.flags(c)
	c.Flag("replay.file", "Read events from a file, or - for standard input, instead of a cluster: what kubectl get events -A -o json or -o yaml prints, JSON lines, or what kubectl get events -A --watch-only --output-watch-events -o json prints. All in it counts.").StringVar(&s.replayFile)
	c.Flag("replay.speed", "1 keeps the recorded spacing, 10 is ten times faster, and so are the rules' durations; 0 is as fast as possible.").Default("1").Float64Var(&s.replaySpeed)
	c.Flag("alertmanager.url", "URL of an Alertmanager, in addition to the configuration's. Repeatable.").StringsVar(&s.alertmanagers)
}
