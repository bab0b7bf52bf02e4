package incident

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"time"

	"github.com/prometheus/common/model"

	"github.com/kubebark/kubebark/test/phone"
	"github.com/kubebark/kubebark/test/testbed"
)

// Options say how to replay.
type Options struct {
	Speed float64
	Bin   string // where the programs are
	// Alertmanager is its configuration, whose waits are divided by Speed and
	// whose webhook is replaced.
	Alertmanager string
	// Alerts is the section alerts of the exporter's configuration.
	Alerts string
}

// stage is all that stands between a recording and a phone.
type stage struct {
	Options

	dir      string
	phones   *phone.Server
	device   *phone.Device
	posted   *tap           // alerts to Alertmanager
	notified *tap           // notifications to the receiver
	parts    []func() error // what ends them
}

// open starts all but the exporter.
func open(ctx context.Context, o Options) (s *stage, err error) {
	s = &stage{Options: o}
	if s.dir, err = os.MkdirTemp("", "kubebark-incident-"); err != nil {
		return nil, fmt.Errorf("make directory: %w", err)
	}
	s.parts = append(s.parts, func() error { return os.RemoveAll(s.dir) })
	s.phones = phone.New(phone.Options{})
	s.device = s.phones.AddDevice(phone.DeviceOptions{Name: "ada", Key: "AdaKeyAdaKeyAdaKeyAda1"})
	bark := s.serve(s.phones)
	s.parts = append(s.parts, func() error { s.phones.Close(); return nil })

	if err := s.servers(ctx, bark); err != nil {
		return nil, errors.Join(err, s.close())
	}
	return s, nil
}

// servers starts the receiver and Alertmanager, and configures the exporter.
func (s *stage) servers(ctx context.Context, bark string) error {
	err := errors.Join(s.write("ada", s.device.Key()+"\n"), s.write("receiver.yml", fmt.Sprintf(`
source: test
dedup_window: %s
bark: {server_url: %s}
receivers: [{name: oncall, devices: [{name: ada, key_file: ada}]}]
`, s.shrink(15*time.Minute), bark)))
	if err != nil {
		return err
	}
	_, receiver, err := s.start(ctx, "alertmanager-bark", "--config.file=receiver.yml")
	if err != nil {
		return err
	}
	if s.notified, err = s.tap(receiver); err != nil {
		return err
	}
	am, err := testbed.StartAlertmanager(ctx, s.alertmanager(s.serve(s.notified)), testbed.ServerOptions{})
	if err != nil {
		return err
	}
	s.parts = append(s.parts, am.Stop)
	if s.posted, err = s.tap(am.URL()); err != nil {
		return err
	}
	return s.write("exporter.yml", fmt.Sprintf(`
external_labels: {cluster: test}
metrics: {new_series_delay: 0s}
alerting:
  resend_interval: %s
  alertmanagers: [{url: %s}]
%s`, s.shrink(time.Minute), s.serve(s.posted), s.Alerts))
}

func (s *stage) tap(server string) (*tap, error) {
	u, err := url.Parse(server)
	if err != nil {
		return nil, err
	}
	return newTap(u), nil
}

// close ends all, what started last first.
func (s *stage) close() error {
	var errs []error
	for _, end := range slices.Backward(s.parts) {
		errs = append(errs, end())
	}
	return errors.Join(errs...)
}

func (s *stage) serve(h http.Handler) string {
	srv := httptest.NewServer(h)
	s.parts = append(s.parts, func() error { srv.Close(); return nil })
	return srv.URL
}

// shrink divides a wait by the speed.
func (s *stage) shrink(d time.Duration) string {
	return model.Duration(time.Duration(float64(d) / s.Speed).Round(time.Millisecond)).String()
}

var (
	waits   = regexp.MustCompile(`((?:group_wait|group_interval|repeat_interval): *)(\w+)`)
	webhook = regexp.MustCompile(`url: *\S+/webhook`)
)

// alertmanager is the shipped configuration in a hurry.
func (s *stage) alertmanager(receiver string) string {
	c := waits.ReplaceAllStringFunc(s.Alertmanager, func(m string) string {
		parts := waits.FindStringSubmatch(m)
		d, err := model.ParseDuration(parts[2])
		if err != nil {
			return m // Alertmanager says what is wrong with it
		}
		return parts[1] + s.shrink(time.Duration(d))
	})
	return webhook.ReplaceAllString(c, "url: "+receiver+"/webhook")
}

func (s *stage) write(name, content string) error {
	return os.WriteFile(filepath.Join(s.dir, name), []byte(content), 0o600)
}

// start starts one of our programs and waits until it answers.
func (s *stage) start(ctx context.Context, name string, args ...string) (*testbed.Process, string, error) {
	port, err := testbed.FreePort()
	if err != nil {
		return nil, "", err
	}
	bin, err := filepath.Abs(filepath.Join(s.Bin, name))
	if err != nil {
		return nil, "", err
	}
	addr := net.JoinHostPort("127.0.0.1", fmt.Sprint(port))
	p, err := testbed.Run(testbed.Command{
		Name: name, Path: bin, Dir: s.dir, Args: append([]string{"--web.listen-address=" + addr}, args...),
	})
	if err != nil {
		return nil, "", err
	}
	s.parts = append(s.parts, p.Stop)
	addr = "http://" + addr
	return p, addr, testbed.Poll(ctx, "until "+name+" answers", func(ctx context.Context) (bool, error) {
		if !p.Running() {
			return true, nil // whoever needs it will see
		}
		return testbed.OK(ctx, addr+"/-/healthy")
	})
}
