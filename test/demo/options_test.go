package demo

import (
	"errors"
	"io"
	"net"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
)

// file makes one to be named in options.
func file(t *testing.T, name, text string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), name)
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

func TestParse(t *testing.T) {
	incident := file(t, "incident.jsonl", "")
	kubeconfig := file(t, "config", "")
	key := file(t, "key", "k")
	for name, c := range map[string]struct {
		args []string
		env  map[string]string
		err  string
	}{
		"defaults":      {},
		"environment":   {env: map[string]string{"DEMO_PORT_PHONE": "81", "DEMO_SPEED": "10", "BARK_KEY_FILE": key}},
		"cluster":       {args: []string{"--kubeconfig=" + kubeconfig, "--incident=none"}},
		"bad port":      {env: map[string]string{"DEMO_PORT_BARK": "many"}, err: `DEMO_PORT_BARK="many" is not a port`},
		"port flag":     {args: []string{"--port.bark=0"}, err: "port.bark: 0 is not a port"},
		"bad speed":     {env: map[string]string{"DEMO_SPEED": "fast"}, err: `DEMO_SPEED="fast" is not a speed`},
		"no incident":   {args: []string{"--incident=/none"}, err: "/none"},
		"no kubeconfig": {args: []string{"--kubeconfig=/none"}, err: "/none"},
		"no key":        {env: map[string]string{"BARK_KEY_FILE": "/none"}, err: "/none"},
		"argument":      {args: []string{"now"}, err: `unexpected argument "now"`},
		"no such flag":  {args: []string{"--x"}, err: "-x"},
		"backwards":     {args: []string{"--speed=-1"}, err: "speed must not be below 0"},
	} {
		t.Run(name, func(t *testing.T) {
			args := append([]string{"--incident=" + incident}, c.args...)
			o, err := parse(args, func(k string) string { return c.env[k] }, io.Discard, false)
			if c.err == "" {
				if err != nil {
					t.Fatal(err)
				}
				if n := len(o.used()); n != 4 && o.barkKeyFile == "" || n != 5 && o.barkKeyFile != "" {
					t.Errorf("%d ports are used", n)
				}
				return
			}
			if err == nil || !strings.Contains(err.Error(), c.err) {
				t.Errorf("error %v, want one with %q", err, c.err)
			}
		})
	}
}

func TestTakenPort(t *testing.T) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	taken := l.Addr().(*net.TCPAddr).Port
	o, err := parse([]string{"--incident=" + file(t, "i.jsonl", "")}, func(k string) string {
		return map[string]string{"DEMO_PORT_ALERTMANAGER": strconv.Itoa(taken)}[k]
	}, io.Discard, false)
	if err != nil {
		t.Fatal(err)
	}
	for _, p := range ports() {
		if p.part != partAlertmanager {
			o.ports[p.part] = freePort(t)
		}
	}
	err = o.free(t.Context())
	want := "port " + strconv.Itoa(taken) + " for Alertmanager cannot be had, set DEMO_PORT_ALERTMANAGER to another"
	if err == nil || !strings.Contains(err.Error(), want) || strings.Contains(err.Error(), "\n") {
		t.Errorf("error %v, want just %q", err, want)
	}
	if _, ok := errors.AsType[usageError](err); ok {
		t.Error("a taken port is not wrong usage")
	}
}

// freePort returns a port that nobody listens on.
func freePort(t *testing.T) int {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	return l.Addr().(*net.TCPAddr).Port
}
