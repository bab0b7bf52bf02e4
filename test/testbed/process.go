package testbed

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"syscall"
	"time"
)

const (
	stopGrace = 15 * time.Second // how long a process may take to end by itself
	tailLines = 30               // how much of a log an error quotes
)

// A Command says what to run.
type Command struct {
	Name string   // names the process and its log file
	Path string   // the program
	Args []string // its arguments
	Env  []string // added to the environment
	Dir  string   // where its log goes, and where it runs
}

// A Process is a program that runs, or has run, with both its output streams
// in one file. Its methods are safe for concurrent use.
type Process struct {
	name string
	log  string
	cmd  *exec.Cmd
	done chan struct{} // closed when it has ended; cmd.ProcessState is set before
}

// Run starts a command in a process group of its own: a terminal's Ctrl-C does
// not reach it, and ending it ends all that it has started. It does not
// outlive the calling process, not even where that is killed (on Linux).
func Run(c Command) (*Process, error) {
	p := &Process{name: c.Name, log: filepath.Join(c.Dir, c.Name+".log"), done: make(chan struct{})}
	log, err := os.OpenFile(p.log, os.O_CREATE|os.O_WRONLY|os.O_APPEND, 0o600)
	if err != nil {
		return nil, fmt.Errorf("open log of %s: %w", c.Name, err)
	}
	p.cmd = exec.Command(c.Path, c.Args...) //nolint:gosec,noctx // its life is Stop's to end, its path a test's to choose
	p.cmd.Dir, p.cmd.Env = c.Dir, append(os.Environ(), c.Env...)
	p.cmd.Stdout, p.cmd.Stderr = log, log
	p.cmd.SysProcAttr = ownGroup()

	started := make(chan error, 1)
	go func() {
		// The kernel ends the child with the thread that has started it, so
		// that the thread must live as long.
		runtime.LockOSThread()
		err := p.cmd.Start()
		_ = log.Close() // the child has its own
		started <- err
		if err == nil {
			_ = p.cmd.Wait() // its outcome is in ProcessState
		}
		close(p.done)
		runtime.UnlockOSThread()
	}()
	if err := <-started; err != nil {
		return nil, fmt.Errorf("start %s: %w", c.Name, err)
	}
	return p, nil
}

// Name returns the name the process was started under.
func (p *Process) Name() string { return p.name }

// Pid returns the process's id.
func (p *Process) Pid() int { return p.cmd.Process.Pid }

// Done is closed when the process has ended.
func (p *Process) Done() <-chan struct{} { return p.done }

// Running tells whether the process has not ended.
func (p *Process) Running() bool {
	select {
	case <-p.done:
		return false
	default:
		return true
	}
}

// Wait waits until the process ends and returns its exit code, which is -1
// where a signal ended it.
func (p *Process) Wait(ctx context.Context) (int, error) {
	select {
	case <-p.done:
		return p.cmd.ProcessState.ExitCode(), nil
	case <-ctx.Done():
		return 0, fmt.Errorf("wait for the end of %s: %w\n%s", p.name, ctx.Err(), p.Tail(tailLines))
	}
}

// Signal sends a signal to the process alone, as kill does.
func (p *Process) Signal(s syscall.Signal) error {
	if err := p.cmd.Process.Signal(s); err != nil {
		return fmt.Errorf("signal %s: %w", p.name, err)
	}
	return nil
}

// Stop asks the process to end and kills it and all that it has started where
// it does not. It returns an error where it had to. Stopping a process that
// has ended does nothing.
func (p *Process) Stop() error {
	if !p.Running() {
		return p.killGroup()
	}
	late := time.NewTimer(stopGrace)
	defer late.Stop()
	err := p.cmd.Process.Signal(syscall.SIGTERM)
	select {
	case <-p.done:
		return p.killGroup()
	case <-late.C:
		p.Kill()
		return errors.Join(err, fmt.Errorf("%s did not end within %s and was killed\n%s", p.name, stopGrace, p.Tail(tailLines)))
	}
}

// Kill ends the process and all that it has started at once, as a crash does.
func (p *Process) Kill() {
	_ = p.killGroup() // it may have ended by itself
	<-p.done
}

// killGroup ends what is left of the process's group.
func (p *Process) killGroup() error {
	if err := syscall.Kill(-p.Pid(), syscall.SIGKILL); err != nil && !errors.Is(err, syscall.ESRCH) {
		return fmt.Errorf("kill %s: %w", p.name, err)
	}
	return nil
}

// LogFile returns the path of the file with the process's output.
func (p *Process) LogFile() string { return p.log }

// Logs returns all that the process has written so far.
func (p *Process) Logs() string {
	b, err := os.ReadFile(p.log)
	if err != nil {
		return err.Error()
	}
	return string(b)
}

// Tail returns the last lines that the process has written, headed by its name.
func (p *Process) Tail(lines int) string {
	all := bytes.Split(bytes.TrimSpace([]byte(p.Logs())), []byte("\n"))
	last := bytes.Join(all[max(0, len(all)-lines):], []byte("\n  "))
	return fmt.Sprintf("--- last lines of %s:\n  %s", p.log, last)
}

// WaitLog waits until the process has written text.
func (p *Process) WaitLog(ctx context.Context, text string) error {
	return p.waitFor(ctx, fmt.Sprintf("for %q in its log", text), func(context.Context) (bool, error) {
		return strings.Contains(p.Logs(), text), nil
	})
}

// readyOrKill returns the process, or ends it if its start has failed.
func (p *Process) readyOrKill(err error) (*Process, error) {
	if err != nil {
		p.Kill()
	}
	return p, err
}

// died is the error of a process that has ended when it should not have.
func (p *Process) died() error {
	return fmt.Errorf("%s ended: %s\n%s", p.name, p.cmd.ProcessState, p.Tail(tailLines))
}
