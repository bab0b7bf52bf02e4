package chat

import (
	"context"
	"encoding/pem"
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/emersion/go-smtp"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/kubebark/kubebark/test/fakeapi"
	"github.com/kubebark/kubebark/test/testbed"
)

const examples = "../../deploy/examples"

// world is a cluster, the exporter, and all who are to be told.
type world struct {
	t     *testing.T
	dir   string
	store *fakeapi.Store
	boxes map[string]*inbox // by the receiver's name
	robot *dingtalk
	// config is Alertmanager's, as it is shipped but for addresses, secrets and
	// waits.
	config string
}

func newWorld(t *testing.T) *world {
	t.Helper()
	w := &world{t: t, dir: t.TempDir(), boxes: make(map[string]*inbox)}
	data, err := os.ReadFile(filepath.Join(examples, "alertmanager-chat.yml"))
	w.must(err)
	w.config = string(data)
	w.swap("group_wait: 30s", "group_wait: 3s")
	w.swap("group_interval: 5m", "group_interval: 3s")
	w.swap("templates: [kubebark.tmpl, slack.tmpl]", "templates: ["+w.example("kubebark.tmpl")+", "+w.example("slack.tmpl")+"]")

	hears := new(slack)
	w.boxes["slack"] = &hears.inbox
	w.secret("slack-webhook", w.serve(hears)+slackPath)

	app := new(wecom)
	w.boxes["wecom"] = &app.inbox
	w.swap("https://qyapi.weixin.qq.com", w.serve(app))
	w.secret("wecom", wecomSecret)

	w.robot = &dingtalk{secret: "SEC0123456789abcdef"}
	b, err := newBridge(w.example("dingtalk.yml"), w.serve(w.robot))
	w.must(err)
	w.boxes["dingtalk"] = &w.robot.inbox
	w.boxes["bridge"] = &b.inbox
	w.swap("http://prometheus-webhook-dingtalk:8060", w.serve(b))

	w.mail()

	takes := new(hook)
	w.boxes["webhook"] = &takes.inbox
	w.swap("https://hooks.example.org/kubernetes", w.serve(takes))
	w.secret("webhook", hookToken)
	return w
}

func (w *world) must(err error) {
	w.t.Helper()
	if err != nil {
		w.t.Fatal(err)
	}
}

func (w *world) example(name string) string {
	w.t.Helper()
	path, err := filepath.Abs(filepath.Join(examples, name))
	w.must(err)
	return path
}

// swap puts something else into the shipped configuration, which has it once.
func (w *world) swap(old, by string) {
	w.t.Helper()
	if n := strings.Count(w.config, old); n != 1 {
		w.t.Fatalf("the shipped configuration has %q %d times", old, n)
	}
	w.config = strings.Replace(w.config, old, by, 1)
}

// secret puts a secret where the configuration looks for it.
func (w *world) secret(name, value string) {
	w.t.Helper()
	path := filepath.Join(w.dir, name)
	w.must(os.WriteFile(path, []byte(value), 0o600))
	w.swap("/etc/alertmanager/secrets/"+name, path)
}

func (w *world) serve(h http.Handler) string {
	s := httptest.NewServer(h)
	w.t.Cleanup(s.Close)
	return s.URL
}

// mail starts the mail server, with a certificate for loopback.
func (w *world) mail() {
	w.t.Helper()
	lends := httptest.NewTLSServer(http.NotFoundHandler())
	w.t.Cleanup(lends.Close)
	ca := filepath.Join(w.dir, "ca.pem")
	w.must(os.WriteFile(ca, pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: lends.Certificate().Raw}), 0o600))
	box := new(postbox)
	w.boxes["mail"] = &box.inbox
	l, err := new(net.ListenConfig).Listen(w.t.Context(), "tcp", "127.0.0.1:0")
	w.must(err)
	s := serveMail(box, lends.TLS.Certificates[0])
	done := make(chan error, 1)
	go func() { done <- s.Serve(l) }()
	w.t.Cleanup(func() {
		if err := s.Close(); err != nil {
			w.t.Error(err)
		}
		if err := <-done; err != nil && !errors.Is(err, smtp.ErrServerClosed) {
			w.t.Error(err)
		}
	})
	w.swap("smarthost: smtp.example.org:587", "smarthost: "+l.Addr().String()+"\n        tls_config: {ca_file: "+ca+"}")
	w.secret("smtp", smtpPassword)
}

// export starts the exporter on a cluster of its own.
func (w *world) export(alertmanager string) {
	w.t.Helper()
	w.store = fakeapi.NewStore(fakeapi.StoreOptions{})
	server, err := fakeapi.Serve(w.store, 0)
	w.must(err)
	w.t.Cleanup(func() {
		if err := server.Close(); err != nil {
			w.t.Error(err)
		}
	})
	bin, err := filepath.Abs("../../bin/kube-event-exporter")
	w.must(err)
	port, err := testbed.FreePort()
	w.must(err)
	config := filepath.Join(w.dir, "exporter.yml")
	w.must(os.WriteFile(config, []byte(`
external_labels: {cluster: prod-eu}
alerts:
  rules:
    - matchers: ['reason="BackupFailed"']
      resolve_on: [BackupDone]
      labels: {severity: critical}
`), 0o600))
	address := fmt.Sprintf("127.0.0.1:%d", port)
	p, err := testbed.Run(testbed.Command{Name: "exporter", Path: bin, Dir: w.dir, Args: []string{
		"--web.listen-address=" + address, "--web.external-url=https://events.example.org", "--config.file=" + config,
		"--kube.server=" + server.URL(), "--alertmanager.url=" + alertmanager,
	}})
	w.must(err)
	w.t.Cleanup(func() {
		if err := p.Stop(); err != nil {
			w.t.Error(err)
		}
	})
	w.eventually("the exporter is ready", func(ctx context.Context) (bool, error) {
		return testbed.OK(ctx, "http://"+address+"/-/ready")
	})
	w.t.Cleanup(http.DefaultClient.CloseIdleConnections)
}

func (w *world) eventually(what string, ok func(context.Context) (bool, error)) {
	w.t.Helper()
	ctx, cancel := context.WithTimeout(w.t.Context(), 90*time.Second)
	defer cancel()
	if err := testbed.Poll(ctx, "until "+what, ok); err != nil {
		w.t.Fatal(err)
	}
}

// happens writes an event about a pod of the workload cart.
func (w *world) happens(typ, reason, component, message string, count int32) {
	w.t.Helper()
	now := metav1.Now()
	_, err := w.store.Create(&corev1.Event{
		ObjectMeta:     metav1.ObjectMeta{Namespace: "shop", Name: "cart-7dc45b778d-x2x4q." + strings.ToLower(reason)},
		InvolvedObject: corev1.ObjectReference{Kind: "Pod", APIVersion: "v1", Namespace: "shop", Name: "cart-7dc45b778d-x2x4q", UID: "p-1"},
		Type:           typ, Reason: reason, Message: message, Source: corev1.EventSource{Component: component},
		FirstTimestamp: now, LastTimestamp: now, Count: count,
	})
	w.must(err)
}
