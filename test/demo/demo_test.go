package demo

import (
	"bytes"
	"context"
	"errors"
	"io"
	"net"
	"net/http"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"
)

// Fake parts are this test program under the parts' names.
func TestMain(m *testing.M) {
	switch name := filepath.Base(os.Args[0]); name {
	case "alertmanager", "alertmanager-bark", "kube-event-exporter":
		os.Exit(fakePart(name, os.Args[1:]))
	}
	os.Exit(m.Run())
}

// fakePart serves what the demo asks of a part, until SIGTERM. How it
// misbehaves is in the environment.
func fakePart(name string, args []string) int {
	if os.Getenv("FAKE_DIES") == name {
		os.Stderr.WriteString("no such thing\n")
		return 3
	}
	address := ""
	for _, a := range args {
		if v, ok := strings.CutPrefix(a, "--web.listen-address="); ok {
			address = v
		}
	}
	if os.Getenv("FAKE_STAYS") == name {
		signal.Ignore(syscall.SIGTERM)
	}
	if os.Getenv("FAKE_CHILD") == name { // something that would be left behind
		if err := exec.Command("sleep", "300").Start(); err != nil {
			return 4
		}
	}
	http.HandleFunc("/", func(w http.ResponseWriter, _ *http.Request) { io.WriteString(w, "[]") })
	_ = http.ListenAndServe(address, nil)
	return 5
}

// screen is the terminal.
type screen struct {
	mu  sync.Mutex
	buf bytes.Buffer
}

func (s *screen) Write(b []byte) (int, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.buf.Write(b)
}

func (s *screen) String() string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.buf.String()
}

// fakes returns a demo of fake parts.
func fakes(t *testing.T, out io.Writer, more ...string) *demo {
	t.Helper()
	dir := t.TempDir()
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{"alertmanager", "alertmanager-bark", "kube-event-exporter"} {
		if err := os.Symlink(self, filepath.Join(dir, name)); err != nil {
			t.Fatal(err)
		}
	}
	o, err := parse(append([]string{"--bin=" + dir, "--parts=" + dir, "--incident=" + file(t, "i.jsonl", "")}, more...),
		func(string) string { return "" }, io.Discard, false)
	if err != nil {
		t.Fatal(err)
	}
	for _, p := range ports() {
		o.ports[p.part] = freePort(t)
	}
	return newDemo(o, out, nil)
}

func TestStartsAndEnds(t *testing.T) {
	t.Setenv("FAKE_STAYS", "alertmanager")
	t.Setenv("FAKE_CHILD", "alertmanager")
	var out screen
	d := fakes(t, &out, "--bark.key-file="+file(t, "key", "k"))
	ctx, cancel := context.WithCancel(t.Context())
	ended := make(chan error, 1)
	go func() { ended <- d.run(ctx) }()
	until(t, func() bool { return strings.Contains(out.String(), "Ctrl-C ends everything.") })
	for _, name := range []string{"alertmanager.yml", "exporter.yml", "bark.yml", "bark-real.yml", "keys/ada"} {
		if b, err := os.ReadFile(d.files.path(name)); err != nil || len(b) == 0 || strings.Contains(string(b), "<no value>") {
			t.Errorf("%s: %q, %v", name, b, err)
		}
	}
	cancel()
	err := <-ended
	if err == nil || !strings.Contains(err.Error(), "alertmanager did not end within 5s and was killed") {
		t.Errorf("error %v, want one on what had to be killed", err)
	}
	for _, p := range d.parts { // an orphan that was killed is there until it is reaped
		until(t, func() bool { return errors.Is(syscall.Kill(-p.cmd.Process.Pid, 0), syscall.ESRCH) })
	}
	for _, p := range d.o.used() {
		if c, err := net.Dial("tcp", d.o.address(p.part)); err == nil {
			c.Close()
			t.Errorf("%s still listens", p.part)
		}
		if !strings.Contains(out.String(), ":"+strconv.Itoa(d.o.ports[p.part])) {
			t.Errorf("%s is not announced:\n%s", p.part, out.String())
		}
	}
	if err := d.files.remove(); err != nil {
		t.Error(err)
	}
}

func TestPartDies(t *testing.T) {
	t.Setenv("FAKE_DIES", "kube-event-exporter")
	d := fakes(t, io.Discard)
	err := d.run(t.Context())
	if err == nil || !strings.Contains(err.Error(), "kube-event-exporter ended with exit status 3") ||
		!strings.Contains(err.Error(), "no such thing") {
		t.Errorf("error %v, want how it ended and what it said", err)
	}
	if err := d.files.remove(); err != nil {
		t.Error(err)
	}
}

func TestPartDiesLater(t *testing.T) {
	var out screen
	d := fakes(t, &out)
	ended := make(chan error, 1)
	go func() { ended <- d.run(t.Context()) }()
	until(t, func() bool { return strings.Contains(out.String(), "Ctrl-C ends everything.") })
	if err := d.parts[1].signal(syscall.SIGKILL); err != nil {
		t.Fatal(err)
	}
	if err := <-ended; err == nil || !strings.Contains(err.Error(), "alertmanager-bark ended with signal: killed") {
		t.Errorf("error %v", err)
	}
	if err := d.files.remove(); err != nil {
		t.Error(err)
	}
}

func TestProgramMissing(t *testing.T) {
	d := fakes(t, io.Discard)
	d.o.parts = t.TempDir()
	if err := d.run(t.Context()); err == nil || !strings.Contains(err.Error(), "make demo builds it") {
		t.Errorf("error %v", err)
	}
}

// until waits for something to be so.
func until(t *testing.T, ok func() bool) {
	t.Helper()
	limit := time.Now().Add(30 * time.Second)
	for !ok() {
		if time.Now().After(limit) {
			t.Fatal("waited in vain")
		}
		time.Sleep(10 * time.Millisecond)
	}
}
