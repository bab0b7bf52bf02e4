package testbed

import (
	"bufio"
	"context"
	"fmt"
	"os"
	"os/exec"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/kubebark/kubebark/internal/leaktest"
)

const waitLimit = time.Minute

func TestMain(m *testing.M) {
	if dir := os.Getenv("TESTBED_ORPHAN"); dir != "" {
		orphan(dir)
		return
	}
	leaktest.Main(m)
}

func shell(t *testing.T, script string) *Process {
	t.Helper()
	p, err := Run(Command{Name: "sh", Path: "/bin/sh", Args: []string{"-c", script}, Dir: t.TempDir()})
	if err != nil {
		t.Fatal(err)
	}
	Attach(t, p)
	return p
}

func limited(t *testing.T) context.Context {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), waitLimit)
	t.Cleanup(cancel)
	return ctx
}

func TestProcessEndsByItself(t *testing.T) {
	p := shell(t, "echo out; echo err >&2; exit 3")
	code, err := p.Wait(limited(t))
	if err != nil || code != 3 {
		t.Errorf("Wait() = %d, %v; want 3", code, err)
	}
	if got, want := p.Logs(), "out\nerr\n"; got != want {
		t.Errorf("Logs() = %q, want %q", got, want)
	}
	if p.Running() {
		t.Error("Running() = true after the end")
	}
	if err := p.Stop(); err != nil {
		t.Errorf("Stop() after the end: %v", err)
	}
}

func TestProcessStopsBySIGTERM(t *testing.T) {
	p := shell(t, `trap 'echo bye; exit 0' TERM; echo ready; while :; do sleep 0.05; done`)
	ctx := limited(t)
	if err := p.WaitLog(ctx, "ready"); err != nil {
		t.Fatal(err)
	}
	if err := p.Stop(); err != nil {
		t.Errorf("Stop(): %v", err)
	}
	if code, err := p.Wait(ctx); code != 0 || err != nil {
		t.Errorf("Wait() = %d, %v; want 0", code, err)
	}
	if !strings.Contains(p.Logs(), "bye") {
		t.Errorf("the process was not asked to end:\n%s", p.Logs())
	}
}

func TestStopEndsChildren(t *testing.T) {
	p := shell(t, `sleep 1000 & echo child $!; wait`)
	ctx := limited(t)
	if err := p.WaitLog(ctx, "child"); err != nil {
		t.Fatal(err)
	}
	var pid int
	if _, err := fmt.Sscanf(p.Logs(), "child %d", &pid); err != nil {
		t.Fatal(err)
	}
	if err := p.Stop(); err != nil {
		t.Errorf("Stop(): %v", err)
	}
	waitGone(ctx, t, pid)
}

func TestWaitLogOfDeadProcess(t *testing.T) {
	p := shell(t, "echo last words; exit 1")
	err := p.WaitLog(limited(t), "never said")
	if err == nil || !strings.Contains(err.Error(), "exit status 1") || !strings.Contains(err.Error(), "last words") {
		t.Errorf("WaitLog() = %v; want the exit status and the log's end", err)
	}
}

func TestRunOfNothing(t *testing.T) {
	_, err := Run(Command{Name: "nothing", Path: "/does/not/exist", Dir: t.TempDir()})
	if err == nil || !strings.Contains(err.Error(), "start nothing") {
		t.Errorf("Run() = %v", err)
	}
}

// TestParentDies kills a process that has started another by Run.
func TestParentDies(t *testing.T) {
	ctx := limited(t)
	cmd := exec.CommandContext(ctx, os.Args[0])
	cmd.Env = append(os.Environ(), "TESTBED_ORPHAN="+t.TempDir())
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	line, err := bufio.NewReader(out).ReadString('\n')
	if err != nil {
		t.Fatal(err)
	}
	var pid int
	if _, err := fmt.Sscanf(line, "%d", &pid); err != nil {
		t.Fatal(err)
	}
	if err := cmd.Process.Kill(); err != nil {
		t.Fatal(err)
	}
	if err := cmd.Wait(); err == nil {
		t.Error("the parent ended well; want it killed")
	}
	waitGone(ctx, t, pid)
}

// orphan starts a process, prints its id and waits to be killed.
func orphan(dir string) {
	p, err := Run(Command{Name: "sleep", Path: "/bin/sleep", Args: []string{"1000"}, Dir: dir})
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println(p.Pid())
	<-p.Done()
}

// waitGone waits until there is no process of this id, or only its remains.
func waitGone(ctx context.Context, t *testing.T, pid int) {
	t.Helper()
	err := Poll(ctx, fmt.Sprintf("until process %d is gone", pid), func(context.Context) (bool, error) {
		return gone(pid), nil
	})
	if err != nil {
		t.Error(err)
	}
}

func gone(pid int) bool {
	if syscall.Kill(pid, 0) != nil {
		return true
	}
	stat, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid))
	return err != nil || strings.Contains(string(stat), ") Z ")
}
