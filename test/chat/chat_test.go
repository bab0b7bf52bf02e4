package chat

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	corev1 "k8s.io/api/core/v1"

	"github.com/kubebark/kubebark/test/alertmanager"
	"github.com/kubebark/kubebark/test/testbed"
)

// awkward is a message with all that some receiver would take for its own.
const awkward = "cannot reach \"s3://bk\" & <!channel>: *no* `route` \\[click](http://evil.example) <b>\n备份失败 @all"

// TestDelivery sends two troubles of one workload, and that they are over,
// through each Alertmanager to all receivers: each is told once, and well.
func TestDelivery(t *testing.T) {
	for _, am := range []struct {
		name  string
		start func(t *testing.T, config string) (string, func() error, error)
	}{
		{"0.31.1", func(t *testing.T, config string) (string, func() error, error) {
			s, err := testbed.StartAlertmanager(t.Context(), config, testbed.ServerOptions{})
			if err != nil {
				return "", nil, err
			}
			return s.URL(), s.Stop, nil
		}},
		{"0.34.2", func(t *testing.T, config string) (string, func() error, error) {
			a, err := alertmanager.Start(t.Context(), config, alertmanager.Options{})
			if err != nil {
				return "", nil, err
			}
			return a.URL(), a.Stop, nil
		}},
	} {
		t.Run(am.name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t)
			url, stop, err := am.start(t, w.config)
			w.must(err)
			t.Cleanup(func() {
				if err := stop(); err != nil {
					t.Error(err)
				}
			})
			w.export(url)
			w.happens(corev1.EventTypeWarning, "FailedScheduling", "default-scheduler", "0/2 nodes are available: 2 Insufficient cpu.", 3)
			w.happens(corev1.EventTypeWarning, "BackupFailed", "backup-operator", awkward, 1)
			firing := w.told("firing")
			w.happens(corev1.EventTypeNormal, "Scheduled", "default-scheduler", "assigned to n1", 1)
			w.happens(corev1.EventTypeNormal, "BackupDone", "backup-operator", "done", 1)
			resolved := w.told("resolved")
			w.once()
			for _, name := range receivers() {
				w.golden(name+"-firing.txt", firing[name])
				w.golden(name+"-resolved.txt", resolved[name])
			}
			_, refused := w.boxes["wecom"].all()
			if d := cmp.Diff([]string{"42001 access_token expired"}, refused); d != "" {
				t.Errorf("WeCom refuses (-want +got)\n%s", d)
			}
			for _, name := range append(receivers(), "bridge") {
				if _, refused := w.boxes[name].all(); name != "wecom" && len(refused) > 0 {
					t.Errorf("%s refuses: %q", name, refused)
				}
			}
		})
	}
}

func receivers() []string { return []string{"slack", "wecom", "dingtalk", "mail", "webhook"} }

// state is what a message says of the two troubles: that both last, or that
// both are over; "" where it is of one, or of each another.
func state(text string) string {
	began := make(map[string]bool)
	for line := range strings.Lines(text) {
		if !strings.HasPrefix(line, "link: ") { // of a title
			for _, f := range fingerprint.FindAllString(line, -1) {
				began[f] = true
			}
		}
	}
	over := strings.Contains(text, "recovery: ")
	if strings.HasPrefix(text, "status: ") { // the webhook tells the rest of what is over, too
		over = strings.Contains(text, "\nresolved\n")
		if strings.Count(text, "\nresolved\n") == len(began) {
			clear(began)
		}
	}
	switch {
	case over && len(began) == 0:
		return "resolved"
	case !over && len(began) == 2:
		return "firing"
	}
	return ""
}

// told waits until all are told of both troubles.
func (w *world) told(want string) map[string]string {
	w.t.Helper()
	found := make(map[string]string)
	w.eventually("all are told: "+want, func(context.Context) (bool, error) {
		for _, name := range receivers() {
			messages, _ := w.boxes[name].all()
			for _, m := range messages {
				if state(m) == want {
					found[name] = m
				}
			}
		}
		var missing []string
		for _, name := range receivers() {
			if found[name] == "" {
				messages, refused := w.boxes[name].all()
				missing = append(missing, fmt.Sprintf("%s has %q and refused %q", name, messages, refused))
			}
		}
		return len(missing) == 0, fmt.Errorf("%s", strings.Join(missing, "; "))
	})
	return found
}

// once holds that nobody was told the same twice.
func (w *world) once() {
	w.t.Helper()
	for _, name := range receivers() {
		messages, _ := w.boxes[name].all()
		n := map[string]int{}
		for _, m := range messages {
			n[state(m)]++
		}
		if n["firing"] != 1 || n["resolved"] != 1 {
			w.t.Errorf("%s was told %v: %q", name, n, messages)
		}
	}
}

var (
	moment      = regexp.MustCompile(`\d{4}-\d\d-\d\d([T ])\d\d:\d\d(:\d\d)?(\.\d+)?(Z?)`)
	fingerprint = regexp.MustCompile(`fingerprint=[0-9a-f]{16}`)
)

// golden holds a message against a text; moments are all the same.
func (w *world) golden(name, got string) {
	w.t.Helper()
	path := filepath.Join("testdata", name)
	got = fingerprint.ReplaceAllString(moment.ReplaceAllString(got, "2026-11-25${1}08:15$4"), "fingerprint=0123456789abcdef")
	if *update {
		w.must(os.WriteFile(path, []byte(got), 0o600))
	}
	want, err := os.ReadFile(path)
	w.must(err)
	if d := cmp.Diff(string(want), got); d != "" {
		w.t.Errorf("%s (-want +got), -update rewrites it\n%s", name, d)
	}
}

// TestConfiguration has amtool check what is shipped, and its routes.
func TestConfiguration(t *testing.T) {
	for _, args := range [][]string{
		{"check-config", filepath.Join(examples, "alertmanager-chat.yml")},
		{"check-config", filepath.Join(examples, "alertmanager.yml")},
		{
			"config", "routes", "test", "--config.file=" + filepath.Join(examples, "alertmanager-chat.yml"),
			"--verify.receivers=slack,wecom,dingtalk,mail,webhook", "source=kubernetes-event", "namespace=shop",
		},
		{
			"config", "routes", "test", "--config.file=" + filepath.Join(examples, "alertmanager-chat.yml"),
			"--verify.receivers=default", "alertname=Watchdog",
		},
	} {
		path, err := testbed.Binary("", "amtool")
		if err != nil {
			t.Skip(err)
		}
		if out, err := exec.CommandContext(t.Context(), path, args...).CombinedOutput(); err != nil {
			t.Errorf("amtool %v: %v\n%s", args, err, out)
		}
	}
}
