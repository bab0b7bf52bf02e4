package truth

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"sync"
	"syscall"
	"time"

	"github.com/kubebark/kubebark/test/testbed"
)

// startup is how long a process may take to begin on a busy machine.
const startup = 2 * time.Second

// exporter is the program under test: it may be ended and started again.
type exporter struct {
	command testbed.Command
	url     string

	mu      sync.Mutex
	process *testbed.Process
	starts  int
	started time.Time
	limit   uint64 // of the size of files that it may write
}

// newExporter prepares an exporter that watches the given API server.
func newExporter(o options, dir, config string, flags ...string) (*exporter, error) {
	port, err := o.Ports.Quiet()
	if err != nil {
		return nil, err
	}
	path := filepath.Join(dir, "exporter.yml")
	if err := os.WriteFile(path, []byte(config), 0o600); err != nil {
		return nil, err
	}
	addr := fmt.Sprintf("127.0.0.1:%d", port)
	return &exporter{url: "http://" + addr, limit: testbed.NoLimit, command: testbed.Command{
		Name: "kube-event-exporter", Path: o.Bin, Dir: dir,
		Args: append([]string{"--config.file=" + path, "--web.listen-address=" + addr, "--log.level=debug"}, flags...),
		Env:  []string{"KUBECONFIG=" + filepath.Join(dir, "none"), "HOME=" + dir, podUID(0)},
	}}, nil
}

func podUID(n int) string { return fmt.Sprintf("POD_UID=pod-%d", n) }

// rename makes what is started next another pod.
func (e *exporter) rename() {
	e.mu.Lock()
	defer e.mu.Unlock()
	e.command.Env[len(e.command.Env)-1] = podUID(e.starts)
}

func (e *exporter) start() error {
	e.mu.Lock()
	defer e.mu.Unlock()
	if e.process != nil && e.process.Running() {
		return nil
	}
	p, err := testbed.Run(e.command)
	if err != nil {
		return err
	}
	e.process = p
	e.starts++
	e.started = time.Now()
	if e.limit != testbed.NoLimit {
		return p.LimitFiles(e.limit)
	}
	return nil
}

// limitFiles is a disk that is full for it, now and after each start.
func (e *exporter) limitFiles(bytes uint64) error {
	e.mu.Lock()
	defer e.mu.Unlock()
	e.limit = bytes
	if e.process == nil || !e.process.Running() {
		return nil
	}
	return e.process.LimitFiles(bytes)
}

// stop ends it by SIGTERM, or, if it is to crash, by SIGKILL.
func (e *exporter) stop(crash bool) error {
	e.mu.Lock()
	defer e.mu.Unlock()
	if e.process == nil {
		return nil
	}
	if crash {
		e.process.Kill()
		return nil
	}
	if !e.process.Running() {
		return nil
	}
	if err := e.process.Signal(syscall.SIGTERM); err != nil {
		return err
	}
	ctx, cancel := context.WithTimeout(context.Background(), 30*time.Second)
	defer cancel()
	code, err := e.process.Wait(ctx)
	// A process cannot catch a signal before it has begun.
	if early := code == -1 && time.Since(e.started) < startup; err == nil && code != 0 && !early {
		err = fmt.Errorf("%s ended with status %d after SIGTERM\n%s", e.command.Name, code, e.process.Tail(20))
	}
	return err
}

// alive returns an error if the program has ended by itself.
func (e *exporter) alive() error {
	e.mu.Lock()
	defer e.mu.Unlock()
	if e.process != nil && !e.process.Running() {
		return fmt.Errorf("%s has ended\n%s", e.command.Name, e.process.Tail(20))
	}
	return nil
}

func (e *exporter) tail(lines int) string {
	e.mu.Lock()
	defer e.mu.Unlock()
	if e.process == nil {
		return ""
	}
	return e.process.Tail(lines)
}

// ready waits until it is ready: the first list is counted.
func (e *exporter) ready(ctx context.Context) error {
	return testbed.Poll(ctx, "until the exporter is ready", func(ctx context.Context) (bool, error) {
		if err := e.alive(); err != nil {
			return false, err
		}
		return testbed.OK(ctx, e.url+"/-/ready")
	})
}
