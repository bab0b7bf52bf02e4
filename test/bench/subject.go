package main

import (
	"bufio"
	"bytes"
	"context"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"time"

	"github.com/kubebark/kubebark/test/testbed"
)

// subject is a program that consumes events, running.
type subject struct {
	cmd  *exec.Cmd
	errs bytes.Buffer
	// ready tells whether it has seen what was there at the start.
	ready func(context.Context) (bool, error)
	// observe asks it what it has counted.
	observe func(context.Context) (reading, error)
	quit    func() error
}

// reading is what a subject has counted.
type reading struct {
	sum   int64 // the floor's: of all counts; the exporter's: of new occurrences
	truth map[string]int64
}

func (s *subject) start() error {
	s.cmd.Stderr = &s.errs
	if err := s.cmd.Start(); err != nil {
		return fmt.Errorf("start %s: %w", s.cmd.Path, err)
	}
	return nil
}

// startFloor starts the floor, which is to find so many events.
func startFloor(ctx context.Context, path, server string, present int) (*subject, error) {
	s := &subject{cmd: exec.CommandContext(ctx, path, server)} //nolint:gosec // whom to measure is an argument
	in, err := s.cmd.StdinPipe()
	if err != nil {
		return nil, err
	}
	out, err := s.cmd.StdoutPipe()
	if err != nil {
		return nil, err
	}
	answers := bufio.NewReader(out)
	s.quit = in.Close
	ask := func() (n int, sum int64, err error) {
		if _, err := io.WriteString(in, "\n"); err != nil {
			return 0, 0, err
		}
		line, err := answers.ReadString('\n')
		if err == nil {
			_, err = fmt.Sscan(line, &n, &sum)
		}
		return n, sum, err
	}
	s.ready = func(context.Context) (bool, error) {
		n, _, err := ask()
		return n >= present, err
	}
	s.observe = func(context.Context) (reading, error) {
		_, sum, err := ask()
		return reading{sum: sum}, err
	}
	if err := s.start(); err != nil {
		return nil, err
	}
	return s, nil
}

// startExporter starts the exporter; its name says with what: a state file, an
// event log.
func startExporter(ctx context.Context, name, path, server, dir string) (*subject, error) {
	config := filepath.Join(dir, "config.yml")
	// Waiting for a second Prometheus is no cost; it would only take time here.
	if err := os.WriteFile(config, []byte("metrics: {new_series_delay: 0s}\n"), 0o600); err != nil {
		return nil, err
	}
	port, err := testbed.FreePort()
	if err != nil {
		return nil, err
	}
	address := fmt.Sprintf("127.0.0.1:%d", port)
	args := []string{"--kube.server", server, "--config.file", config, "--web.listen-address", address}
	if strings.Contains(name, "+state") {
		args = append(args, "--state.file", filepath.Join(dir, "state"))
	}
	if strings.Contains(name, "+log") {
		args = append(args, "--event-log.file", filepath.Join(dir, "events.jsonl"))
	}
	s := &subject{cmd: exec.CommandContext(ctx, path, args...)} //nolint:gosec // likewise
	s.cmd.Env = append(os.Environ(), "KUBECONFIG=", "HOME="+dir)
	s.quit = func() error { return s.cmd.Process.Signal(syscall.SIGTERM) }
	s.ready = func(ctx context.Context) (bool, error) { return testbed.OK(ctx, "http://"+address+"/-/ready") }
	s.observe = func(ctx context.Context) (reading, error) { return scrape(ctx, "http://"+address) }
	if err := s.start(); err != nil {
		return nil, err
	}
	return s, nil
}

// scrape reads the exporter's counters as Prometheus does.
func scrape(ctx context.Context, url string) (reading, error) {
	_, body, err := testbed.Get(ctx, url+"/metrics")
	if err != nil {
		return reading{}, err
	}
	r := reading{truth: make(map[string]int64)}
	for line := range strings.Lines(body) {
		rest, ok := strings.CutPrefix(line, "kube_event_occurrences_total{")
		if !ok {
			continue
		}
		labels, value, _ := strings.Cut(strings.TrimSpace(rest), "} ")
		v, err := strconv.ParseFloat(value, 64)
		if err != nil {
			return reading{}, fmt.Errorf("read metrics: %w", err)
		}
		r.truth[labels] = int64(v)
		r.sum += int64(v)
	}
	return r, nil
}

// stop ends the subject and returns the processor time that it used in all.
func (s *subject) stop() (time.Duration, error) {
	if err := s.quit(); err != nil {
		return 0, err
	}
	if err := s.cmd.Wait(); err != nil {
		return 0, fmt.Errorf("%s: %w\n%s", s.cmd.Path, err, s.errs.Bytes())
	}
	return s.cmd.ProcessState.UserTime() + s.cmd.ProcessState.SystemTime(), nil
}

// memory returns the resident and the highest resident memory, in bytes.
func (s *subject) memory() (rss, peak int64, err error) {
	status, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", s.cmd.Process.Pid))
	if err != nil {
		return 0, 0, err
	}
	return kilobytes(string(status), "VmRSS:"), kilobytes(string(status), "VmHWM:"), nil
}

func kilobytes(status, field string) int64 {
	_, rest, _ := strings.Cut(status, field)
	n, err := strconv.ParseInt(strings.TrimSpace(strings.Split(rest, "kB")[0]), 10, 64)
	if err != nil {
		return 0
	}
	return n << 10
}

// cpu returns the processor time that it has used until now.
func (s *subject) cpu() (time.Duration, error) {
	stat, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", s.cmd.Process.Pid))
	if err != nil {
		return 0, err
	}
	return ticks(string(stat))
}

// ticks reads user and system time, the 14th and 15th field; the second is a
// name in parentheses.
func ticks(stat string) (time.Duration, error) {
	fields := strings.Fields(stat[strings.LastIndexByte(stat, ')')+1:])
	if len(fields) < 13 {
		return 0, fmt.Errorf("/proc stat has %d fields", len(fields))
	}
	var sum time.Duration
	for _, f := range fields[11:13] {
		n, err := strconv.ParseInt(f, 10, 64)
		if err != nil {
			return 0, err
		}
		sum += time.Duration(n) * (time.Second / 100) // USER_HZ, on all of Go's platforms
	}
	return sum, nil
}
