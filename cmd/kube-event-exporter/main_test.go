package main

import (
	"bytes"
	"flag"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/kubebark/kubebark/exporter/shard"
	"github.com/kubebark/kubebark/internal/cli"
)

var update = flag.Bool("update", false, "write the golden files anew")

func call(in string, args ...string) (code int, out, errs string) {
	var o, e bytes.Buffer
	code = run(args, cli.Stdio{In: strings.NewReader(in), Out: &o, Err: &e})
	return code, o.String(), e.String()
}

// TestUsage has a row for each way to call the program wrongly, or to ask it
// about itself.
func TestUsage(t *testing.T) {
	dir := t.TempDir()
	file := func(name, content string) string {
		path := filepath.Join(dir, name)
		if err := os.WriteFile(path, []byte(content), 0o600); err != nil {
			t.Fatal(err)
		}
		return path
	}
	t.Setenv("KUBECONFIG", "")
	t.Setenv("HOME", dir)
	good := file("good.yml", "alerts: {builtin_rules: false}\n")
	bad := file("bad.yml", "external_labels: {a: b}\nmetrics:\n  series_limit: 0\nalerts:\n  rules:\n    - matchers: ['reason=']\n")
	for _, tt := range []struct {
		name string
		args []string
		code int
		out  string // contained
		errs string // contained
	}{
		{"help", []string{"--help"}, 0, "--replay.file", ""},
		{"version", []string{"--version"}, 0, "kube-event-exporter, version", ""},
		{"unknown flag", []string{"--bogus"}, 2, "", "unknown long flag '--bogus'; try --help"},
		{"unknown command", []string{"fly"}, 2, "", "unexpected fly; try --help"},
		{"no cluster", nil, 2, "", "neither --kubeconfig, $KUBECONFIG nor ~/.kube/config names one"},
		{"missing kubeconfig", []string{"--kubeconfig", dir + "/none"}, 2, "", dir + "/none: no such file or directory"},
		{"missing configuration", []string{"--config.file", dir + "/none.yml"}, 2, "", dir + "/none.yml: no such file or directory"},
		{"bad configuration", []string{"--config.file", bad}, 2, "", bad + ":3: metrics.series_limit: want at least 1"},
		{"bad matcher", []string{"check-config", bad}, 2, "", bad + ":6: alerts.rules.0.matchers"},
		{"bad label", []string{"check-config", file("labels.yml", "metrics:\n  labels:\n    - workload\n    - pod\n")}, 2, "", `labels.yml:4: metrics.labels.1: unknown label "pod": want workload or host`},
		{"bad Alertmanager", []string{"--alertmanager.url", "nowhere", "--replay.file", "x"}, 2, "", "--alertmanager.url"},
		{"bad external URL", []string{"--web.external-url", "host:80", "--replay.file", "x"}, 2, "", "--web.external-url"},
		{"bad speed", []string{"--replay.speed=-1", "--replay.file", "x"}, 2, "", "--replay.speed: want 0 or more"},
		{"shard beyond the last", []string{"--shard=3", "--total-shards=3", "--replay.file", "x"}, 2, "", "--shard: want less than --total-shards, which is 3, have 3"},
		{"no shards", []string{"--total-shards=0", "--replay.file", "x"}, 2, "", "--total-shards: want 1 to 1000, have 0"},
		{"event log in no folder", []string{"--web.listen-address", "127.0.0.1:0", "--event-log.file", dir + "/none/e.jsonl", "--replay.file", "x"}, 1, "", "event log: open " + dir + "/none/e.jsonl: no such file or directory"},
		{"bad event log", []string{"check-config", file("log.yml", "event_log:\n  enrichment:\n    qps: 0\n")}, 2, "", "log.yml:3: event_log.enrichment.qps: want at least 1"},
		{"bad level", []string{"--log.level", "loud"}, 2, "", "enum value must be one of debug,info,warn,error, got 'loud'"},
		{"port in use or not ours", []string{"--web.listen-address", "192.0.2.1:1", "--replay.file", "x"}, 1, "", "--web.listen-address 192.0.2.1:1"},
		{"missing recording", []string{"--web.listen-address", "127.0.0.1:0", "--replay.file", dir + "/none.jsonl"}, 1, "", dir + "/none.jsonl: no such file or directory"},
		{"good labels", []string{"check-config", file("host.yml", "metrics: {labels: [host, workload]}\n")}, 0, "host.yml: good\n", ""},
		{"good configuration", []string{"check-config", good}, 0, good + ": good\n", ""},
		{"one of two bad", []string{"check-config", bad, good}, 2, good + ": good\n", "1 of 2 files refused"},
		{"nothing to check", []string{"check-config"}, 2, "", "required argument 'FILE' not provided"},
		{"nothing to explain there", []string{"explain", dir + "/none"}, 2, "", dir + "/none: no such file or directory"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			code, out, errs := call("", tt.args...)
			if code != tt.code || !strings.Contains(out, tt.out) || !strings.Contains(errs, tt.errs) {
				t.Errorf("status %d, want %d\nout: %s\nerr: %s", code, tt.code, out, errs)
			}
			if tt.code != 0 && strings.Contains(errs, "goroutine") {
				t.Error("a stack trace is no message")
			}
		})
	}
}

func TestNamespaces(t *testing.T) {
	for _, tt := range []struct{ in, want string }{
		{"", "[]"}, {"a", "[a]"}, {"a, b,a", "[a b]"},
	} {
		got, err := splitNamespaces(tt.in)
		if err != nil || "["+strings.Join(got, " ")+"]" != tt.want {
			t.Errorf("%q: %q, %v", tt.in, got, err)
		}
	}
	if _, err := splitNamespaces("a,,b"); err == nil {
		t.Error("an empty name was accepted")
	}
}

// TestOurs: a shard watches what it has of the namespaces, and never none.
func TestOurs(t *testing.T) {
	all := []string{"a-team", "b-team", "payments", "kube-system"}
	seen := map[string]int{}
	for i := range 2 {
		for _, ns := range ours(all, shard.Shard{Index: i, Total: 2}) {
			seen[ns]++
		}
	}
	if len(seen) != 4 {
		t.Errorf("watched: %v", seen)
	}
	none := 0
	for i := range 100 {
		s := shard.Shard{Index: i, Total: 100}
		if got := ours([]string{"payments"}, s); len(got) != 1 {
			t.Errorf("shard %s watches %v", s, got)
		}
		if !s.Has("payments") {
			none++
		}
	}
	if none != 99 {
		t.Errorf("%d shards of 100 have it not", none)
	}
}

// TestExplain holds what explain prints for the events of testdata.
func TestExplain(t *testing.T) {
	code, out, errs := call("", "explain", "--config.file", "testdata/explain.yml", "testdata/explain.in.yaml")
	if code != 0 || errs != "" {
		t.Fatalf("status %d: %s", code, errs)
	}
	const golden = "testdata/explain.want.txt"
	if *update {
		if err := os.WriteFile(golden, []byte(out), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(golden)
	if err != nil {
		t.Fatal(err)
	}
	if d := cmp.Diff(string(want), out); d != "" {
		t.Errorf("(-want +got)\n%s", d)
	}
}

func TestExplainReadsOn(t *testing.T) {
	code, out, errs := call(`{"kind":"Event","reason":"A"}`+"\n{broken\n"+`{"kind":"Event","reason":"B"}`, "explain")
	if code != 1 || !strings.Contains(errs, "standard input:2:") || !strings.Contains(out, "reason=\"B\"") {
		t.Errorf("status %d\n%s\n%s", code, out, errs)
	}
}
