package deploy

import (
	"context"
	"fmt"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/kubebark/kubebark/test/docs/page"
	"github.com/kubebark/kubebark/test/phone"
	"github.com/kubebark/kubebark/test/testbed"
)

// TestHome goes through what somebody reads who begins: the README, the page about
// k3s at home, where the event is to arrive on the phone, and the one about how to
// find out why it does not, each of whose commands is to print what stands there.
func TestHome(t *testing.T) {
	t.Parallel()
	cp, err := testbed.StartControlPlane(t.Context(), testbed.Options{})
	must(t, err)
	testbed.Attach(t, cp)
	h := newHome(t, cp)
	h.readme(t)
	_, err = h.sh.Run(t.Context(), "kubectl -n kubebark delete secret bark-keys; kubectl delete -f docs/test-event.yaml")
	must(t, err)
	h.k3s(t)
	h.troubleshooting(t)
}

// home is a house with a phone and a cluster.
type home struct {
	cp    *testbed.ControlPlane
	sh    *page.Shell
	phone *phone.Device
	ports testbed.Ports
	bark  string

	exporter, receiver *pod
	alertmanager       *testbed.Server
	files              string // the configurations, as the programs have them
}

func newHome(t *testing.T, cp *testbed.ControlPlane) *home {
	t.Helper()
	phones := phone.New(phone.Options{})
	bark := httptest.NewServer(phones)
	t.Cleanup(func() { phones.Close(); bark.Close() })
	path, err := testbed.Binary("", "kubectl")
	must(t, err)
	// There is no terminal to leaf through.
	less := t.TempDir()
	must(t, os.WriteFile(filepath.Join(less, "less"), []byte("#!/bin/sh\nexec cat\n"), 0o700))
	ours, err := filepath.Abs(filepath.Join(root, "bin"))
	must(t, err)
	dir, err := filepath.Abs(root)
	must(t, err)
	return &home{
		cp: cp, bark: bark.URL, files: t.TempDir(),
		phone: phones.AddDevice(phone.DeviceOptions{Name: "alice", Key: "AliceKeyAliceKeyAlice1"}),
		sh: &page.Shell{
			Dir: dir, Bin: []string{less, ours, filepath.Dir(path)},
			Env: []string{"KUBECONFIG=" + cp.Kubeconfig(testbed.Admin), "KUBECACHEDIR=" + t.TempDir()},
		},
	}
}

// port is one that nobody listens on, nor will by chance: the exporter of the
// README has no Alertmanager, and must not find another test's.
func (h *home) port(t *testing.T) int {
	t.Helper()
	n, err := h.ports.Quiet()
	must(t, err)
	return n
}

func (h *home) readme(t *testing.T) {
	t.Helper()
	steps, err := page.Steps(root, "README.md")
	must(t, err)
	sh := *h.sh
	for _, p := range []string{"PHONE", "ALERTMANAGER", "EXPORTER", "BARK", "BARK_REAL"} {
		sh.Env = append(sh.Env, fmt.Sprintf("DEMO_PORT_%s=%d", p, h.port(t)))
	}
	address := fmt.Sprintf("127.0.0.1:%d", h.port(t))
	sh.Instead = strings.NewReplacer(
		"--alertmanager.url=http://127.0.0.1:9093", fmt.Sprintf("--alertmanager.url=http://127.0.0.1:%d --web.listen-address=%s", h.port(t), address),
		"KEYFILE", "VERSION",
	)
	sh.Started = func(p *testbed.Process, command string) {
		ctx, cancel := context.WithTimeout(t.Context(), 5*time.Minute)
		defer cancel()
		if strings.HasPrefix(command, "make demo") {
			must(t, p.WaitLog(ctx, "Ctrl-C ends everything."))
			return
		}
		must(t, testbed.Poll(ctx, "until it is ready", func(ctx context.Context) (bool, error) {
			return testbed.OK(ctx, "http://"+address+"/-/ready")
		}))
	}
	sh.Follow(t, steps)
}

func (h *home) k3s(t *testing.T) {
	t.Helper()
	steps, err := page.Steps(root, "docs/k3s.md")
	must(t, err)
	if len(steps) != 2 {
		t.Fatalf("%d steps can be done here", len(steps))
	}
	h.sh.Dir, h.sh.Instead = checkout(t), strings.NewReplacer("echo KEY", "echo "+h.phone.Key())
	h.sh.Follow(t, steps[:1])
	h.start(t)
	h.sh.Follow(t, steps[1:])
	h.exporter.eventually("the counter is safe on the disk, and so shown", func() (bool, error) {
		_, body, err := h.exporter.get("/metrics")
		return strings.Contains(body, `reason="HighCPUUsage"`), err
	})
	h.exporter.eventually("the phone shows it", func() (bool, error) {
		for _, n := range h.phone.State().Notifications {
			if strings.Contains(n.Title+n.Subtitle+n.Body, "HighCPUUsage") {
				return true, nil
			}
		}
		return false, nil
	})
}

// start runs what the overlay installs. The programs find each other at other
// addresses, and Alertmanager does not wait for more.
func (h *home) start(t *testing.T) {
	t.Helper()
	v := variant{overlay: "k3s"}
	_, stderr := kubectl(t, "", "apply", "-k", v.dir(t), "--dry-run=server")
	for line := range strings.Lines(stderr) { // tests beside this one make service accounts of the same name
		if strings.Contains(line, "Warning") && !strings.Contains(line, "last-applied-configuration") {
			t.Errorf("the API server warns: %s", line)
		}
	}
	all := v.kustomized(t)
	config := func(name, file, old, instead string) string {
		text := deployedConfig(t, all, name, file)
		if !strings.Contains(text, old) {
			t.Fatalf("%s does not say %s", file, old)
		}
		text = strings.ReplaceAll(text, old, instead)
		here := strings.ReplaceAll(text, "/etc/kubebark/keys", h.files)
		must(t, os.WriteFile(filepath.Join(h.files, file), []byte(here), 0o600))
		return text
	}
	must(t, os.WriteFile(filepath.Join(h.files, "alice"), []byte(h.phone.Key()+"\n"), 0o600))
	receiver := config("alertmanager-bark", "receiver.yml", "http://192.168.1.10:8080", h.bark)
	h.receiver = start(t, all, "alertmanager-bark", map[string]map[string]string{
		"config": {"receiver.yml": receiver}, "keys": {"alice": h.phone.Key() + "\n"},
	})
	h.receiver.isReady()
	routes := config("alertmanager", "alertmanager.yml", "http://alertmanager-bark:10057", h.receiver.url)
	amtool(t, "check-config", filepath.Join(h.files, "alertmanager.yml"))
	am, err := testbed.StartAlertmanager(t.Context(), strings.ReplaceAll(routes, "group_wait: 30s", "group_wait: 1s"), testbed.ServerOptions{})
	must(t, err)
	testbed.Attach(t, am)
	h.alertmanager = am
	exporter := config("kube-event-exporter", "exporter.yml", "http://alertmanager:9093", am.URL())
	h.exporter = start(t, all, "kube-event-exporter", map[string]map[string]string{"config": {"exporter.yml": exporter}},
		"--kubeconfig="+h.cp.Kubeconfig(testbed.Admin))
	h.exporter.isReady()
}

func (h *home) troubleshooting(t *testing.T) {
	t.Helper()
	steps, err := page.Steps(root, "docs/troubleshooting.md")
	must(t, err)
	sh := *h.sh
	sh.Dir = h.files
	local := func(url string) string { return strings.TrimPrefix(url, "http://") }
	sh.Instead = strings.NewReplacer(
		"localhost:10056", local(h.exporter.url), "localhost:10057", local(h.receiver.url), "localhost:9093", local(h.alertmanager.URL()),
	)
	shown := 0
	for _, s := range steps {
		if s.Shows != "" {
			shown++
		}
	}
	if shown != 10 {
		t.Errorf("%d steps say what they print", shown)
	}
	sh.Follow(t, steps)
	// The API server of a cluster just born may have a Warning of its own, about what
	// it repairs.
	var about [2]int
	for _, n := range h.phone.State().Notifications {
		for i, what := range []string{"HighCPUUsage", "Hello"} {
			if strings.Contains(n.Title+n.Subtitle+n.Body, what) {
				about[i]++
			}
		}
	}
	if about != [2]int{1, 1} {
		t.Errorf("after the test push the phone shows %d notifications of the event and %d of the push: %+v",
			about[0], about[1], h.phone.State().Notifications)
	}
}

// TestMigration: the configuration that a sink of kube-eventer's becomes is one.
func TestMigration(t *testing.T) {
	t.Parallel()
	steps, err := page.Steps(root, "docs/migration.md")
	must(t, err)
	ours, err := filepath.Abs(filepath.Join(root, "bin"))
	must(t, err)
	sh := &page.Shell{Dir: t.TempDir(), Bin: []string{ours}}
	must(t, os.Mkdir(filepath.Join(sh.Dir, "keys"), 0o700))
	must(t, os.WriteFile(filepath.Join(sh.Dir, "keys", "alice"), []byte("KEY\n"), 0o600))
	sh.Follow(t, steps)
}
