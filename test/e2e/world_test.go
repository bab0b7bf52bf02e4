package e2e

import (
	"context"
	"fmt"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/kubernetes"

	"github.com/kubebark/kubebark/test/phone"
	"github.com/kubebark/kubebark/test/testbed"
)

// world is all that stands between an event and a phone.
type world struct {
	t      *testing.T
	ctx    context.Context
	dir    string
	ns     string
	client *kubernetes.Clientset

	phones     *phone.Server
	ada, bo    *phone.Device
	bark       string // URL of the stand-in's bark-server
	am         string // URL of Alertmanager
	receiver   program
	exporter   program
	prometheus *testbed.Server
}

// program is one of ours, as built.
type program struct {
	*testbed.Process
	url     string
	command testbed.Command
}

// setting says what differs from world to world.
type setting struct {
	alertmanager version  // the first of alertmanagers if it has no name
	namespace    string   // watched; "" for one of the test's own
	everywhere   bool     // all namespaces are watched
	routes       string   // YAML list items of Alertmanager's routes
	inhibit      string   // YAML list items of its inhibit_rules
	exporter     string   // YAML added to the exporter's configuration
	kubeconfig   string   // "" for the admin's
	args         []string // further flags of the exporter
	prometheus   bool
}

// newWorld starts a world; the test's end stops it.
func newWorld(t *testing.T, s setting) *world {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 4*time.Minute)
	t.Cleanup(cancel)
	w := &world{t: t, ctx: ctx, dir: t.TempDir(), ns: s.namespace}
	var err error
	w.client, err = cluster.Client()
	w.must(err)
	if w.ns == "" {
		w.ns = w.newNamespace()
	}
	w.startPhones()
	w.startReceiver()
	w.startAlertmanager(s)
	w.startExporter(s)
	if s.prometheus {
		w.startPrometheus()
	}
	return w
}

func (w *world) must(err error) {
	w.t.Helper()
	if err != nil {
		w.t.Fatal(err)
	}
}

func (w *world) newNamespace() string {
	w.t.Helper()
	ns, err := w.client.CoreV1().Namespaces().Create(w.ctx, &corev1.Namespace{
		ObjectMeta: metav1.ObjectMeta{GenerateName: "shop-"},
	}, metav1.CreateOptions{})
	w.must(err)
	return ns.Name
}

func (w *world) startPhones() {
	w.phones = phone.New(phone.Options{})
	w.ada = w.phones.AddDevice(phone.DeviceOptions{Name: "ada", Key: "AdaKeyAdaKeyAdaKeyAda1"})
	w.bo = w.phones.AddDevice(phone.DeviceOptions{Name: "bo", Key: "BoKeyBoKeyBoKeyBoKey12"})
	srv := httptest.NewServer(w.phones)
	w.bark = srv.URL
	w.t.Cleanup(func() { w.phones.Close(); srv.Close() })
}

// file writes a file into the world's folder and returns its path.
func (w *world) file(name, content string) string {
	w.t.Helper()
	path := filepath.Join(w.dir, name)
	w.must(os.WriteFile(path, []byte(content), 0o600))
	return path
}

func (w *world) startReceiver() {
	w.t.Helper()
	w.file("ada", w.ada.Key()+"\n")
	w.file("bo", w.bo.Key()+"\n")
	config := w.file("receiver.yml", fmt.Sprintf(`
source: e2e
bark: {server_url: %s, timeout: 5s}
receivers:
  - name: oncall
    devices: [{name: ada, key_file: ada}]
    fallback: {receiver: team, after: 1h} # later than any test ends
  - name: team
    devices: [{name: bo, key_file: bo}]
`, w.bark))
	w.receiver = w.start("alertmanager-bark", "--config.file="+config)
}

func (w *world) startAlertmanager(s setting) {
	w.t.Helper()
	if s.alertmanager.start == nil {
		s.alertmanager = alertmanagers()[0]
	}
	w.am = s.alertmanager.start(w.t, fmt.Sprintf(`
route:
  receiver: oncall
  group_by: [alertname, namespace, name]
  group_wait: 1s
  group_interval: 1s
  repeat_interval: 1h
  routes: [%s]
inhibit_rules: [%s]
receivers:
  - {name: oncall, webhook_configs: [{url: %s/webhook}]}
  - {name: team, webhook_configs: [{url: %s/webhook}]}
`, s.routes, s.inhibit, w.receiver.url, w.receiver.url))
}

func (w *world) startExporter(s setting) {
	w.t.Helper()
	config := w.file("exporter.yml", fmt.Sprintf(`
metrics: {new_series_delay: 3s}
alerting:
  alertmanagers: [{url: %s}]
  resend_interval: 1s
%s`, w.am, s.exporter))
	if s.kubeconfig == "" {
		s.kubeconfig = cluster.Kubeconfig(testbed.Admin)
	}
	args := append([]string{"--config.file=" + config, "--kubeconfig=" + s.kubeconfig}, s.args...)
	if !s.everywhere {
		args = append(args, "--namespaces="+w.ns)
	}
	w.exporter = w.start("kube-event-exporter", args...)
}

func (w *world) startPrometheus() {
	w.t.Helper()
	p, err := testbed.StartPrometheus(w.ctx, fmt.Sprintf(`
global: {scrape_interval: 1s}
scrape_configs:
  - job_name: kube-event-exporter
    honor_labels: true
    static_configs: [{targets: [%q]}]
  - job_name: alertmanager-bark
    static_configs: [{targets: [%q]}]
`, strings.TrimPrefix(w.exporter.url, "http://"), strings.TrimPrefix(w.receiver.url, "http://")), testbed.ServerOptions{})
	w.must(err)
	w.prometheus = p
	w.t.Cleanup(func() { w.check(p.Stop()) })
}

func (w *world) check(err error) {
	w.t.Helper()
	if err != nil {
		w.t.Error(err)
	}
}

// bin is where make build puts the programs.
const bin = "../../bin"

// start starts one of our programs on a free port and waits until it answers.
func (w *world) start(name string, args ...string) program {
	w.t.Helper()
	return w.startAgain(w.program(name, args...))
}

// program is one of our programs that is to listen on a free port.
func (w *world) program(name string, args ...string) program {
	w.t.Helper()
	path, err := filepath.Abs(filepath.Join(bin, name))
	w.must(err)
	addr := fmt.Sprintf("127.0.0.1:%d", quietPort(w.t))
	return program{url: "http://" + addr, command: testbed.Command{
		Name: name, Path: path, Dir: w.dir,
		Args: append([]string{"--web.listen-address=" + addr, "--log.level=debug"}, args...),
	}}
}

// startAgain starts a program that does not run and waits until it answers.
func (w *world) startAgain(p program) program {
	w.t.Helper()
	w.run(&p)
	w.answers(p)
	return p
}

func (w *world) run(p *program) {
	w.t.Helper()
	var err error
	p.Process, err = testbed.Run(p.command)
	w.must(err)
	started := p.Process
	w.t.Cleanup(func() {
		started.Kill()
		if w.t.Failed() {
			w.t.Logf("%s:\n%s", started.Name(), started.Tail(60))
		}
	})
}

func (w *world) answers(p program) {
	w.t.Helper()
	w.eventually(p.Name()+" answers", func() (bool, error) {
		if !p.Running() {
			w.t.Fatalf("%s ended:\n%s", p.Name(), p.Tail(30))
		}
		code, _, err := testbed.Get(w.ctx, p.url+"/-/healthy")
		return code == 200, err
	})
}

// eventually polls until ok.
func (w *world) eventually(what string, ok func() (bool, error)) {
	w.t.Helper()
	ctx, cancel := context.WithTimeout(w.ctx, 90*time.Second)
	defer cancel()
	if err := testbed.Poll(ctx, "until "+what, func(context.Context) (bool, error) { return ok() }); err != nil {
		w.t.Fatal(err)
	}
}
