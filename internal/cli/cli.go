// Package cli is what both programs' command lines have in common: how
// commands are told apart, how errors are printed, and the exit statuses.
package cli

import (
	"errors"
	"fmt"
	"io"
	"os"

	"github.com/alecthomas/kingpin/v2"
	"github.com/prometheus/common/version"

	"github.com/kubebark/kubebark/internal/conf"
)

// The exit statuses, beside 0.
const (
	exitFailure = 1
	exitUsage   = 2 // wrong usage or configuration
)

// Stdio is a program's standard input and outputs.
type Stdio struct {
	In       io.Reader
	Out, Err io.Writer
}

// Open opens what an argument FILE names, which is standard input where it is left
// out or -, and returns what to call it. A file that cannot be read is the user's
// to mend.
func (s Stdio) Open(file string) (in io.ReadCloser, label string, err error) {
	if file == "" || file == "-" {
		return io.NopCloser(s.In), "standard input", nil
	}
	f, err := os.Open(file)
	if err != nil {
		return nil, "", UsageError{err}
	}
	return f, file, nil
}

// UsageError is an error that the user is to mend: exit status 2.
type UsageError struct{ Err error }

// Error returns the text of the error alone.
func (e UsageError) Error() string { return e.Err.Error() }

// Unwrap returns the error.
func (e UsageError) Unwrap() error { return e.Err }

// App is a program's command line.
type App struct {
	*kingpin.Application

	Stdio Stdio

	commands map[string]func() error
	exited   int // what --help or --version ended with; -1 if neither
}

// New returns a command line with --help and --version and no command yet.
func New(name, help string, std Stdio) *App {
	a := &App{Application: kingpin.New(name, help), Stdio: std, commands: make(map[string]func() error), exited: -1}
	a.Terminate(func(code int) { a.exited = code })
	a.UsageWriter(std.Out).ErrorWriter(std.Err).UsageTemplate(kingpin.LongHelpTemplate)
	a.HelpFlag.Short('h')
	a.Version(version.Print(name)).VersionFlag.NoEnvar()
	return a
}

// Handle makes run the work of a command.
func (a *App) Handle(c *kingpin.CmdClause, run func() error) { a.commands[c.FullCommand()] = run }

// Run parses the arguments, does the command's work and returns the exit
// status. An error is printed, a line for each fault.
func (a *App) Run(args []string) int {
	command, err := a.Parse(args)
	if a.exited >= 0 {
		return a.exited
	}
	if err != nil {
		fmt.Fprintf(a.Stdio.Err, "%s: %v; try --help\n", a.Name, err)
		return exitUsage
	}
	return a.status(a.commands[command]())
}

func (a *App) status(err error) int {
	if err == nil {
		return 0
	}
	if _, ok := errors.AsType[*conf.Error](err); ok {
		fmt.Fprintln(a.Stdio.Err, err) // its lines name the file
		return exitUsage
	}
	fmt.Fprintf(a.Stdio.Err, "%s: %v\n", a.Name, err)
	if _, ok := errors.AsType[UsageError](err); ok {
		return exitUsage
	}
	return exitFailure
}
