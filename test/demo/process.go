package demo

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"time"
)

// grace is how long a part may take to end by itself.
const grace = 5 * time.Second

// process is a part of the demo that runs.
type process struct {
	name string
	cmd  *exec.Cmd
	log  string        // file with what it says
	done chan struct{} // closed when it has ended
	err  error         // valid after done
}

// startProcess starts a program in a process group of its own, so that the
// terminal's Ctrl-C reaches only the demo, which then ends its parts in order.
func startProcess(dir, name, path string, args, env []string) (*process, error) {
	p := &process{
		name: name,
		cmd:  exec.Command(path, args...), //nolint:gosec,noctx // our own programs, ended by stop
		log:  filepath.Join(dir, name+".log"),
		done: make(chan struct{}),
	}
	out, err := os.Create(p.log)
	if err != nil {
		return nil, err
	}
	defer out.Close() // the child has its own
	p.cmd.Dir, p.cmd.Env = dir, env
	p.cmd.Stdout, p.cmd.Stderr = out, out
	p.cmd.SysProcAttr = groupAttr()
	if err := p.cmd.Start(); err != nil {
		return nil, fmt.Errorf("start %s: %w", name, err)
	}
	go func() {
		p.err = p.cmd.Wait()
		close(p.done)
	}()
	return p, nil
}

// died is the error of a process that has ended before it was asked to, with
// the end of what it said.
func (p *process) died() error {
	how := "ended"
	if p.err != nil {
		how += " with " + p.err.Error()
	}
	return fmt.Errorf("%s %s; its last lines:\n%s", p.name, how, p.tail())
}

func (p *process) tail() string {
	const lines = 12
	b, err := os.ReadFile(p.log)
	if err != nil {
		return err.Error()
	}
	all := strings.Split(string(bytes.TrimSpace(b)), "\n")
	return "  " + strings.Join(all[max(0, len(all)-lines):], "\n  ")
}

// signal sends a signal to the process and all it has started.
func (p *process) signal(s syscall.Signal) error {
	err := syscall.Kill(-p.cmd.Process.Pid, s)
	if errors.Is(err, syscall.ESRCH) {
		return nil // all gone
	}
	return err
}

// stopAll asks all processes to end and waits; one that does not within the
// grace is killed, and so is what any of them leaves behind.
func stopAll(ps []*process) error {
	var errs []error
	for _, p := range ps {
		errs = append(errs, p.signal(syscall.SIGTERM))
	}
	late := time.After(grace)
	for _, p := range ps {
		select {
		case <-p.done:
		default:
			select {
			case <-p.done:
			case <-late:
				late = closed() // no more patience with the others
				errs = append(errs, fmt.Errorf("%s did not end within %s and was killed", p.name, grace))
			}
		}
		errs = append(errs, p.signal(syscall.SIGKILL))
		<-p.done
	}
	return errors.Join(errs...)
}

// closed returns a channel on which the time has come for good.
func closed() <-chan time.Time {
	c := make(chan time.Time)
	close(c)
	return c
}
