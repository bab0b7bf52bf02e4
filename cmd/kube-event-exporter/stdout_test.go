package main

import (
	"bytes"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"os/exec"
	"regexp"
	"strings"
	"syscall"
	"testing"
	"time"
)

// TestClosedStdout: a reader of the event log that goes away costs its lines,
// which are counted, and nothing else. It takes a process of its own.
func TestClosedStdout(t *testing.T) {
	const child = "KUBEBARK_TEST_ARGS"
	if args := os.Getenv(child); args != "" {
		os.Args = strings.Split(args, "\n")
		main()
	}
	l, err := new(net.ListenConfig).Listen(t.Context(), "tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	address := l.Addr().String()
	if err := l.Close(); err != nil {
		t.Fatal(err)
	}
	reader, writer, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	cmd := exec.CommandContext(t.Context(), os.Args[0], "-test.run=^TestClosedStdout$")
	cmd.Env = append(os.Environ(), child+"="+strings.Join([]string{
		name, "--web.listen-address=" + address, "--event-log.file=-", "--replay.file=../../docs/test-event.yaml",
	}, "\n"))
	var stderr bytes.Buffer
	cmd.Stdout, cmd.Stderr = writer, &stderr
	if err := reader.Close(); err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	if err := writer.Close(); err != nil {
		t.Fatal(err)
	}
	counted := regexp.MustCompile(`(?m)^kube_event_exporter_alerts\{state="firing"\} 1$`)
	failed := regexp.MustCompile(`(?m)^kube_event_exporter_event_log_write_failures_total [1-9]`)
	for end := time.Now().Add(time.Minute); ; time.Sleep(20 * time.Millisecond) {
		metrics := page(t, "http://"+address+"/metrics")
		if counted.MatchString(metrics) && failed.MatchString(metrics) {
			break
		}
		if time.Now().After(end) {
			t.Fatalf("it does not go on:\n%s", &stderr)
		}
	}
	if err := cmd.Process.Signal(syscall.SIGTERM); err != nil {
		t.Fatal(err)
	}
	if err := cmd.Wait(); err != nil {
		t.Errorf("%v\n%s", err, &stderr)
	}
	if !strings.Contains(stderr.String(), "the event log cannot be written") || !strings.Contains(stderr.String(), "broken pipe") {
		t.Errorf("it does not say why:\n%s", &stderr)
	}
}

// page returns what is under a URL, "" where nobody answers yet.
func page(t *testing.T, url string) string {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, url, http.NoBody)
	if err != nil {
		t.Fatal(err)
	}
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		return fmt.Sprint(err)
	}
	defer resp.Body.Close()
	b, err := io.ReadAll(resp.Body)
	if err != nil {
		return fmt.Sprint(err)
	}
	return string(b)
}
