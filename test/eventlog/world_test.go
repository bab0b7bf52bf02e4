package eventlog

import (
	"context"
	"flag"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"

	"github.com/kubebark/kubebark/test/fakeapi"
	"github.com/kubebark/kubebark/test/testbed"
)

const (
	examples = "../../deploy/examples/event-log"
	fromFile = "otel-collector-file.yaml"
)

// outage is how long the store is away.
func outage() time.Duration {
	return flag.Lookup("outage").Value.(flag.Getter).Get().(time.Duration)
}

func TestMain(m *testing.M) {
	flag.Duration("outage", 2*time.Second, "how long the store is away")
	flag.Parse()
	os.Exit(m.Run())
}

// world is a cluster of events, the exporter, and what carries its records on.
type world struct {
	t        *testing.T
	ctx      context.Context
	dir      string
	store    *fakeapi.Store
	live     []*corev1.Event
	exporter *testbed.Process
	keeps    bool                       // the exporter has in memory what the store does not take
	url      string                     // of the exporter
	again    map[string]testbed.Command // how each is started

	shipper     string // a collector, or rsyslog
	running     *testbed.Process
	killShipper func()
}

func newWorld(t *testing.T) *world {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 4*time.Minute)
	t.Cleanup(cancel)
	w := &world{t: t, ctx: ctx, dir: t.TempDir(), store: fakeapi.NewStore(fakeapi.StoreOptions{}), again: make(map[string]testbed.Command)}
	return w
}

func (w *world) must(err error) {
	w.t.Helper()
	if err != nil {
		w.t.Fatal(err)
	}
}

// ports are those of programs and stores that end and start again.
var ports testbed.Ports

func (w *world) port() int {
	w.t.Helper()
	p, err := ports.Quiet()
	w.must(err)
	return p
}

// run starts a program under a name, anew if it ran before.
func (w *world) run(name string) *testbed.Process {
	w.t.Helper()
	p, err := testbed.Run(w.again[name])
	w.must(err)
	w.t.Cleanup(func() {
		p.Kill()
		if w.t.Failed() {
			w.t.Log(p.Tail(15))
		}
	})
	return p
}

// example writes down a shipped configuration, in which what is a user's own to say
// is replaced.
func (w *world) example(name string, replace map[string]string) string {
	w.t.Helper()
	b, err := os.ReadFile(filepath.Join(examples, name))
	w.must(err)
	text := string(b)
	for old, fresh := range replace {
		if !strings.Contains(text, old) {
			w.t.Fatalf("%s has no %s", name, old)
		}
		text = strings.ReplaceAll(text, old, fresh)
	}
	// A collector's own metrics would take a port.
	text = strings.Replace(text, "service:\n", "service:\n  telemetry: {metrics: {level: none}}\n", 1)
	path := filepath.Join(w.dir, name)
	w.must(os.WriteFile(path, []byte(text), 0o600))
	return path
}

// startCollector starts the collector with a shipped configuration and returns its
// address for gRPC.
func (w *world) startCollector(example string, replace map[string]string, env ...string) string {
	w.t.Helper()
	replace["/var/lib/otelcol"] = filepath.Join(w.dir, "otelcol")
	w.shipper = "otelcol"
	w.killShipper = func() { w.running.Kill() }
	var at string
	w.running, at = w.collector(w.shipper, example, replace, env...)
	return "http://" + at
}

// collector starts a program that is a collector, and waits until it takes records.
func (w *world) collector(program, example string, replace map[string]string, env ...string) (*testbed.Process, string) {
	w.t.Helper()
	at := fmt.Sprintf("127.0.0.1:%d", w.port())
	if example != fromFile {
		replace["0.0.0.0:4317"], replace["0.0.0.0:4318"] = at, fmt.Sprintf("127.0.0.1:%d", w.port())
	}
	config := w.example(example, replace)
	path, err := testbed.Binary("", program)
	w.must(err)
	w.again[program] = testbed.Command{Name: program, Path: path, Dir: w.dir, Args: []string{"--config", config}, Env: env}
	p := w.run(program)
	w.must(p.WaitLog(w.ctx, "Everything is ready"))
	return p, at
}

func (w *world) startExporter(args ...string) {
	w.t.Helper()
	server, err := fakeapi.Serve(w.store, 0)
	w.must(err)
	w.t.Cleanup(func() { _ = server.Close() })
	path, err := filepath.Abs("../../bin/kube-event-exporter")
	w.must(err)
	addr := fmt.Sprintf("127.0.0.1:%d", w.port())
	w.url = "http://" + addr
	w.again["kube-event-exporter"] = testbed.Command{
		Name: "kube-event-exporter", Path: path, Dir: w.dir,
		Env: []string{"KUBECONFIG=", "HOME=" + w.dir, "POD_UID=pod"},
		Args: append([]string{
			"--kube.server=" + server.URL(), "--web.listen-address=" + addr, "--state.file=" + filepath.Join(w.dir, "state"),
		}, args...),
	}
	w.exporter = w.run("kube-event-exporter")
	w.ready()
}

func (w *world) ready() {
	w.t.Helper()
	w.eventually("the exporter is ready", func() (bool, error) {
		code, _, err := w.get("/-/ready")
		return code == http.StatusOK, err
	})
}

// handedOn waits until the exporter has nothing left in memory. What it has there
// while it cannot hand on, a SIGKILL takes along.
func (w *world) handedOn() {
	w.t.Helper()
	w.eventually("the exporter has handed on what it has", func() (bool, error) {
		n, err := w.metric("kube_event_exporter_event_log_otlp_queue_length")
		if err != nil {
			n, err = w.metric("kube_event_exporter_event_log_queue_length")
		}
		return n == 0, err
	})
}

// eventually polls until ok.
func (w *world) eventually(what string, ok func() (bool, error)) {
	w.t.Helper()
	w.must(testbed.Poll(w.ctx, "until "+what, func(context.Context) (bool, error) { return ok() }))
}

// happen makes n changes: new events, and repeats of those that there are.
func (w *world) happen(n int) {
	w.t.Helper()
	for i := range n {
		if i%3 > 0 && len(w.live) > 0 {
			e := w.live[(i*7)%len(w.live)].DeepCopy()
			e.Count += int32(1 + i%2)
			e.LastTimestamp = metav1.Now()
			stored, err := w.store.Update(e)
			w.must(err)
			w.live[(i*7)%len(w.live)] = stored
			continue
		}
		k := len(w.live)
		now := metav1.Now()
		stored, err := w.store.Create(&corev1.Event{
			ObjectMeta:     metav1.ObjectMeta{Namespace: "shop", Name: fmt.Sprintf("cart-%d.18a1", k), UID: types.UID(fmt.Sprintf("uid-%d", k))},
			InvolvedObject: corev1.ObjectReference{Kind: "Pod", Namespace: "shop", Name: fmt.Sprintf("cart-%d", k), UID: types.UID(fmt.Sprintf("pod-%d", k))},
			Type:           corev1.EventTypeWarning, Reason: "BackOff", Message: fmt.Sprintf("Back-off %d ✗", k),
			Source: corev1.EventSource{Component: "kubelet", Host: "n1"}, Count: 1, FirstTimestamp: now, LastTimestamp: now,
		})
		w.must(err)
		w.live = append(w.live, stored)
	}
}

// odd makes an event with a message of its own, which its store need not have.
func (w *world) odd(name, message string) {
	w.t.Helper()
	e := w.live[0].DeepCopy()
	e.Name, e.UID, e.ResourceVersion, e.Message = name, types.UID(name), "", message
	_, err := w.store.Create(e)
	w.must(err)
}
