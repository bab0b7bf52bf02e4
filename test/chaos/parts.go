package chaos

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net"
	"net/http"
	"path/filepath"
	"strings"
	"time"

	"github.com/kubebark/kubebark/test/phone"
	"github.com/kubebark/kubebark/test/testbed"
)

const (
	troubleReason  = "BackupFailed"
	recoveryReason = "BackupDone"

	barkTimeout = 10 * time.Second
)

func hostOf(url string) string {
	_, host, _ := strings.Cut(url, "://")
	return host
}

// startPhones starts the bark-server that stands in.
func (w *world) startPhones(context.Context) error {
	user, password := "receiver", w.secrets.make("Bark's password", 32)
	w.phones = phone.New(phone.Options{User: user, Password: password})
	port, err := w.ports.Quiet()
	if err != nil {
		return err
	}
	l, err := net.Listen("tcp", fmt.Sprintf("127.0.0.1:%d", port)) //nolint:noctx // the run's end closes it
	if err != nil {
		return fmt.Errorf("start phones: %w", err)
	}
	w.barkPort = port
	w.bark = &http.Server{Handler: w.phones, ReadHeaderTimeout: time.Minute}
	go func() { _ = w.bark.Serve(l) }() // until it is closed
	w.hook = &hookAuth{dir: filepath.Join(w.dir, "receiver"), barkPassword: password}
	return nil
}

func (w *world) startReceiver(context.Context) error {
	if err := w.newHook(); err != nil {
		return err
	}
	var config strings.Builder
	fmt.Fprintf(&config, `
source: chaos
dedup_window: 12h
bark: {server_url: http://%s, timeout: %s, basic_auth: {username: receiver, password_file: bark.password}}
alertmanager: {url: %s, silence_secret_file: silence.key}
webhook: {bearer_token_file: webhook.token}
receivers:`, w.lines["bark"].Address(), barkTimeout, w.ams[0].url)
	for _, p := range w.people {
		fmt.Fprintf(&config, `
  - name: %s
    title: '{{ if .AllResolved }}resolved{{ else }}firing{{ end }} {{ .Common "name" }}'
    devices: [{name: %s, key_file: keys/%s%s}]`, p.receiver, p.name, p.name, p.encryption())
	}
	path := filepath.Join(w.hook.dir, "receiver.yml")
	web := filepath.Join(w.hook.dir, "web.yml")
	err := errors.Join(replace(path, []byte(config.String())),
		replace(web, []byte("tls_server_config: {cert_file: server.pem, key_file: server.pem}\n")))
	if err != nil {
		return err
	}
	r := w.receiver
	r.url = strings.Replace(r.url, "http://", "https://", 1)
	r.client = newClient(w.hook.authority.Pool())
	r.command.Path = filepath.Join(w.opts.Bin, "alertmanager-bark")
	r.command.Args = []string{
		"--config.file=" + path, "--web.config.file=" + web, "--web.listen-address=" + hostOf(r.url),
		"--web.external-url=" + r.url, "--state.file=" + filepath.Join(w.hook.dir, "told"), "--log.level=debug",
	}
	return r.start()
}

// startAlertmanagers starts a pair that gossips.
func (w *world) startAlertmanagers(context.Context) error {
	bin, err := testbed.Binary("", "alertmanager")
	if err != nil {
		return err
	}
	p := w.pace
	var config strings.Builder
	fmt.Fprintf(&config, `
route:
  receiver: oncall
  group_by: [namespace, name]
  group_wait: %s
  group_interval: %s
  repeat_interval: 24h
  routes: [{receiver: oncall, continue: true}, {receiver: team}]
receivers:`, p.wait, p.interval)
	for _, who := range w.people {
		fmt.Fprintf(&config, `
  - name: %s
    webhook_configs:
      - url: https://%s/webhook
        http_config: {authorization: {credentials_file: %s}, tls_config: {ca_file: %s}}`,
			who.receiver, w.lines["hook"].Address(), w.hook.senderToken(), w.hook.authority.file)
	}
	var gossip []string
	for range w.ams {
		port, err := w.ports.Quiet()
		if err != nil {
			return err
		}
		gossip = append(gossip, fmt.Sprintf("127.0.0.1:%d", port))
	}
	for i, am := range w.ams {
		path := filepath.Join(am.command.Dir, "alertmanager.yml")
		if err := replace(path, []byte(config.String()+"\n")); err != nil {
			return err
		}
		am.command.Path = bin
		am.command.Args = []string{
			"--config.file=" + path, "--storage.path=" + filepath.Join(am.command.Dir, "data"),
			"--web.listen-address=" + hostOf(am.url), "--log.level=debug",
			"--cluster.listen-address=" + gossip[i], "--cluster.advertise-address=" + gossip[i], "--cluster.peer=" + gossip[1-i],
			"--cluster.peer-timeout=" + p.peer.String(), "--cluster.gossip-interval=50ms", "--cluster.pushpull-interval=1s",
			"--cluster.reconnect-interval=1s",
		}
		if err := am.start(); err != nil {
			return err
		}
	}
	return nil
}

// met waits until the Alertmanagers know of each other.
func (w *world) met(ctx context.Context) error {
	for _, am := range w.ams {
		err := testbed.Poll(ctx, "until "+am.name+" knows the other", func(ctx context.Context) (bool, error) {
			var s struct {
				Cluster struct {
					Status string `json:"status"`
					Peers  []any  `json:"peers"`
				} `json:"cluster"`
			}
			_, body, err := am.get(ctx, "/api/v2/status")
			if err == nil {
				err = json.Unmarshal([]byte(body), &s)
			}
			return s.Cluster.Status == "ready" && len(s.Cluster.Peers) == 2, err
		})
		if err != nil {
			return err
		}
	}
	return nil
}

func (w *world) startExporters(ctx context.Context) error {
	p := w.pace
	config := fmt.Sprintf(`
metrics: {new_series_delay: %s}
alerting:
  alertmanagers: [{url: http://%s}, {url: http://%s}]
  resend_interval: %s
alerts:
  rules:
    - matchers: ['component=~"lab.*"']
      drop: true
    - matchers: ['reason=%q']
      keep_firing_for: %s
      resolve_on: [%s]
`, p.delay, w.lines["am-1"].Address(), w.lines["am-2"].Address(), p.resend, troubleReason, p.quiet, recoveryReason)
	for i, e := range w.exporters {
		path := filepath.Join(e.command.Dir, "exporter.yml")
		if err := replace(path, []byte(config)); err != nil {
			return err
		}
		e.command.Path = filepath.Join(w.opts.Bin, "kube-event-exporter")
		e.command.Args = []string{
			"--config.file=" + path, "--kubeconfig=" + w.ids[i].kubeconfig, "--web.listen-address=" + hostOf(e.url),
			"--web.external-url=" + e.url, "--state.file=" + filepath.Join(e.command.Dir, "state"), "--log.level=debug",
			"--event-log.file=" + w.eventLog(i),
		}
		if err := e.start(); err != nil {
			return err
		}
	}
	for _, e := range w.exporters {
		if err := e.well(ctx); err != nil {
			return err
		}
		// Killed before that it would have no state, and so begin once more.
		err := testbed.Poll(ctx, "until "+e.name+" has written its state", func(ctx context.Context) (bool, error) {
			at, err := e.metric(ctx, "kube_event_exporter_state_last_write_timestamp_seconds")
			return at > 0, err
		})
		if err != nil {
			return err
		}
	}
	return nil
}

func (w *world) eventLog(i int) string {
	return filepath.Join(w.exporters[i].command.Dir, "events.jsonl")
}

func (w *world) startPrometheus(context.Context) error {
	bin, err := testbed.Binary("", "prometheus")
	if err != nil {
		return err
	}
	dir := w.prom.command.Dir
	config := fmt.Sprintf(`
global: {scrape_interval: %s, scrape_timeout: %s}
scrape_configs:
  - job_name: kube-event-exporter
    honor_labels: true
    static_configs:
      - {targets: [%q], labels: {replica: a}}
      - {targets: [%q], labels: {replica: b}}
  - job_name: alertmanager-bark
    scheme: https
    tls_config: {ca_file: %s}
    static_configs: [{targets: [%q]}]
`, w.pace.scrape, w.pace.scrape, w.lines["scrape-a"].Address(), w.lines["scrape-b"].Address(), w.hook.authority.file, hostOf(w.receiver.url))
	path := filepath.Join(dir, "prometheus.yml")
	if err := replace(path, []byte(config)); err != nil {
		return err
	}
	w.prom.command.Path = bin
	w.prom.command.Args = []string{
		"--config.file=" + path, "--storage.tsdb.path=" + filepath.Join(dir, "data"), "--web.listen-address=" + hostOf(w.prom.url),
	}
	return w.prom.start()
}
