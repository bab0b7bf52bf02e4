package main

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"time"

	"github.com/kubebark/kubebark/test/testbed"
)

const (
	occurrences = "kube_event_occurrences_total"
	tracked     = "kube_event_exporter_tracked_events"
)

// exporter is one shard, running.
type exporter struct {
	*testbed.Process

	url string
}

func run(o *options, dir, server string, shard, of int) (*exporter, error) {
	home := filepath.Join(dir, strconv.Itoa(shard))
	if err := os.Mkdir(home, 0o700); err != nil {
		return nil, err
	}
	config := filepath.Join(home, "config.yml")
	if err := os.WriteFile(config, []byte("metrics: {new_series_delay: 0s}\n"), 0o600); err != nil {
		return nil, err
	}
	port, err := testbed.FreePort()
	if err != nil {
		return nil, err
	}
	address := fmt.Sprintf("127.0.0.1:%d", port)
	p, err := testbed.Run(testbed.Command{
		Name: "kube-event-exporter", Path: o.exporter, Dir: home, Env: []string{"KUBECONFIG=", "HOME=" + home},
		Args: []string{
			"--kube.server=" + server, "--config.file=" + config, "--web.listen-address=" + address,
			fmt.Sprintf("--shard=%d", shard), fmt.Sprintf("--total-shards=%d", of),
		},
	})
	if err != nil {
		return nil, err
	}
	return &exporter{p, "http://" + address}, nil
}

func (e *exporter) ready(ctx context.Context) (bool, error) {
	return testbed.OK(ctx, e.url+"/-/ready")
}

// metrics returns the sum of each metric's samples.
func (e *exporter) metrics(ctx context.Context) (map[string]float64, error) {
	_, body, err := testbed.Get(ctx, e.url+"/metrics")
	if err != nil {
		return nil, err
	}
	sums := make(map[string]float64)
	for line := range strings.Lines(body) {
		line = strings.TrimSpace(line)
		name, _, _ := strings.Cut(line, " ")
		name, _, _ = strings.Cut(name, "{")
		if name != occurrences && name != tracked {
			continue
		}
		v, err := strconv.ParseFloat(line[strings.LastIndexByte(line, ' ')+1:], 64)
		if err != nil {
			return nil, fmt.Errorf("read metrics: %w", err)
		}
		sums[name] += v
	}
	return sums, nil
}

// cpu returns the processor time that it has used so far, in steps of 10 ms.
func (e *exporter) cpu() (time.Duration, error) {
	stat, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", e.Pid()))
	if err != nil {
		return 0, err
	}
	fields := strings.Fields(string(stat[strings.LastIndexByte(string(stat), ')')+1:]))
	var sum time.Duration
	for _, f := range fields[11:13] { // user and system
		n, err := strconv.ParseInt(f, 10, 64)
		if err != nil {
			return 0, err
		}
		sum += time.Duration(n) * 10 * time.Millisecond
	}
	return sum, nil
}

// rss returns the resident memory in bytes.
func (e *exporter) rss() (int64, error) {
	status, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", e.Pid()))
	if err != nil {
		return 0, err
	}
	_, rest, _ := strings.Cut(string(status), "VmRSS:")
	text, _, _ := strings.Cut(rest, "kB")
	n, err := strconv.ParseInt(strings.TrimSpace(text), 10, 64)
	return n << 10, err
}
