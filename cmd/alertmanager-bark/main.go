// Command alertmanager-bark takes alerts from Alertmanager's webhook and
// pushes them to phones through Bark.
package main

import (
	"os"
	_ "time/tzdata" // for images that have no zones

	"github.com/kubebark/kubebark/internal/cli"
)

const name = "alertmanager-bark"

func main() {
	os.Exit(run(os.Args[1:], cli.Stdio{In: os.Stdin, Out: os.Stdout, Err: os.Stderr}))
}

func run(args []string, std cli.Stdio) int { return application(std).Run(args) }

func application(std cli.Stdio) *cli.App {
	app := cli.New(name, "Pushes Alertmanager's alerts to phones through Bark.", std)
	addService(app)
	addCheck(app)
	addRender(app)
	addPush(app)
	return app
}
