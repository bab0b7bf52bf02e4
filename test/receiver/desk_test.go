package receiver

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/prometheus/common/expfmt"
	"github.com/prometheus/common/model"

	"github.com/kubebark/kubebark/internal/leaktest"
	"github.com/kubebark/kubebark/test/phone"
	"github.com/kubebark/kubebark/test/testbed"
)

func TestMain(m *testing.M) { leaktest.Main(m) }

// program is where make build puts the receiver.
const program = "../../bin/alertmanager-bark"

// desk is the receiver's program with a bark-server and phones.
type desk struct {
	t   testing.TB
	ctx context.Context
	dir string
	url string // of the receiver

	environment []string // of the receiver, beside the test's own
	command     testbed.Command
	*testbed.Process
	tls string // the certificate with which it is asked whether it is ready; "" for plain HTTP

	phones *phone.Server
	bark   string // URL of their bark-server
	ada    *phone.Device
	bo     *phone.Device // encrypted
}

const aes = "0123456789abcdef0123456789abcdef"

// newDesk makes the phones. The receiver is not started yet.
func newDesk(t testing.TB) *desk {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 3*time.Minute)
	t.Cleanup(cancel)
	d := &desk{t: t, ctx: ctx, dir: t.TempDir()}
	d.phones, d.bark = newPhones(t)
	d.ada = d.phones.AddDevice(phone.DeviceOptions{Name: "ada", Key: "AdaKeyAdaKeyAdaKeyAda1"})
	d.bo = d.phones.AddDevice(phone.DeviceOptions{
		Name: "bo", Key: "BoKeyBoKeyBoKeyBoKey12", Cipher: phone.Cipher{Algorithm: "aes-256-gcm", Key: aes},
	})
	d.file("ada", d.ada.Key())
	d.file("bo", d.bo.Key())
	d.file("aes", aes)
	d.file("secret", "0123456789abcdef")
	return d
}

func newPhones(t testing.TB) (s *phone.Server, url string) {
	t.Helper()
	s = phone.New(phone.Options{})
	web := httptest.NewServer(s)
	t.Cleanup(func() { s.Close(); web.Close() })
	return s, web.URL
}

func (d *desk) must(err error) {
	d.t.Helper()
	if err != nil {
		d.t.Fatal(err)
	}
}

func (d *desk) file(name, text string) string {
	d.t.Helper()
	path := filepath.Join(d.dir, name)
	d.must(os.WriteFile(path, []byte(text), 0o600))
	return path
}

// start starts the receiver with a configuration in which BARK is the URL of
// the bark-server.
func (d *desk) start(config string, args ...string) {
	d.t.Helper()
	port, err := testbed.FreePort()
	d.must(err)
	d.startOn(port, config, args...)
}

func (d *desk) startOn(port int, config string, args ...string) {
	d.t.Helper()
	path, err := filepath.Abs(program)
	d.must(err)
	addr := fmt.Sprintf("127.0.0.1:%d", port)
	d.url = "http://" + addr
	if d.tls != "" {
		d.url = "https://" + addr
	}
	file := d.file("receiver.yml", strings.ReplaceAll(config, "BARK", d.bark))
	d.command = testbed.Command{
		Name: "alertmanager-bark", Path: path, Dir: d.dir, Env: d.environment,
		Args: append([]string{"--web.listen-address=" + addr, "--web.external-url=" + d.url, "--config.file=" + file}, args...),
	}
	d.t.Cleanup(func() {
		if d.Process == nil {
			return
		}
		d.Kill()
		if d.t.Failed() {
			d.t.Log(d.Tail(40))
		}
	})
	d.again()
}

// again starts the receiver anew.
func (d *desk) again() {
	d.t.Helper()
	var err error
	d.Process, err = testbed.Run(d.command)
	d.must(err)
	d.eventually("the receiver answers", func() (bool, error) {
		if !d.Running() {
			d.t.Fatalf("the receiver ended:\n%s", d.Tail(30))
		}
		if d.tls != "" {
			return d.knock(d.tls, "") == http.StatusUnauthorized, nil
		}
		code, _, err := call(d.ctx, http.MethodGet, d.url+"/-/ready", "")
		return code == http.StatusOK, err
	})
}

func (d *desk) eventually(what string, ok func() (bool, error)) {
	d.t.Helper()
	ctx, cancel := context.WithTimeout(d.ctx, 90*time.Second)
	defer cancel()
	d.must(testbed.Poll(ctx, "until "+what, func(context.Context) (bool, error) { return ok() }))
}

// shows waits until a phone's state is as wanted.
func (d *desk) shows(p *phone.Device, what string, ok func(phone.State) bool) phone.State {
	d.t.Helper()
	ctx, cancel := context.WithTimeout(d.ctx, 90*time.Second)
	defer cancel()
	s, err := p.Wait(ctx, ok)
	if err != nil {
		d.t.Fatalf("%s's phone does not show %s: %d sounds, %+v", p.Name(), what, s.Sounds, s.Notifications)
	}
	return s
}

// about returns a notification that has the text.
func about(s phone.State, text string) (phone.Notification, bool) {
	for _, n := range s.Notifications {
		if strings.Contains(n.Title+"\n"+n.Subtitle+"\n"+n.Body, text) {
			return n, true
		}
	}
	return phone.Notification{}, false
}

// call calls a URL; a body is JSON.
func call(ctx context.Context, method, url, body string) (code int, text string, err error) {
	req, err := http.NewRequestWithContext(ctx, method, url, strings.NewReader(body))
	if err != nil {
		return 0, "", err
	}
	req.Header.Set("Content-Type", "application/json")
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		return 0, "", err
	}
	defer resp.Body.Close()
	all, err := io.ReadAll(resp.Body)
	return resp.StatusCode, string(all), err
}

// metric returns the sum of a program's samples of a name that have the
// labels, each as name=value.
func (d *desk) metric(url, name string, labels ...string) float64 {
	d.t.Helper()
	_, body, err := call(d.ctx, http.MethodGet, url+"/metrics", "")
	d.must(err)
	parser := expfmt.NewTextParser(model.UTF8Validation)
	all, err := parser.TextToMetricFamilies(strings.NewReader(body))
	d.must(err)
	sum := 0.0
	for _, m := range all[name].GetMetric() {
		have := map[string]bool{}
		for _, l := range m.GetLabel() {
			have[l.GetName()+"="+l.GetValue()] = true
		}
		match := true
		for _, l := range labels {
			match = match && have[l]
		}
		if match {
			sum += m.GetCounter().GetValue() + m.GetGauge().GetValue()
		}
	}
	return sum
}

// group is a webhook message about one alert in a group of its own.
func group(name string) string {
	return fmt.Sprintf(`{"version":"4","groupKey":"{}:{alertname=\"%[1]s\"}","receiver":"oncall","status":"firing","notification_reason":"first notification",
		"groupLabels":{"alertname":"%[1]s"},"commonLabels":{"alertname":"%[1]s","severity":"warning"},"externalURL":"http://am",
		"alerts":[{"status":"firing","labels":{"alertname":"%[1]s","severity":"warning"},"annotations":{"summary":"It is so."},
		"startsAt":"2026-11-25T09:00:00Z","endsAt":"0001-01-01T00:00:00Z","fingerprint":"0000000000000001"}]}`, name)
}
