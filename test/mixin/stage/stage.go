// Package stage plays what dashboards show: a recorded incident, replayed by
// the real exporter into a real Alertmanager and from there by the real receiver
// to a phone that stands in for one, with a Prometheus that scrapes all of it.
//
// So that a dashboard shows more than good days, some things go wrong: one of
// two Alertmanagers refuses everything, one receiver's device is unknown, a
// silence mutes a reason. A second exporter watches an API server that makes it
// list again, has room for few series and writes a state file and an event log; its target is of
// a cluster of its own and scraped with native histograms. And there was a
// yesterday, on which some reasons occurred already.
//
// [Start] starts all; [Stage.Settle] waits until everything has shown; what
// Prometheus then knows is asked with [Stage.API]. [Stage.Stop] ends all.
package stage

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/prometheus/client_golang/api"
	v1 "github.com/prometheus/client_golang/api/prometheus/v1"

	"github.com/kubebark/kubebark/test/phone"
	"github.com/kubebark/kubebark/test/testbed"
)

// The clusters that the targets are labelled with.
const (
	Demo = "demo" // where the incident is replayed
	Lab  = "lab"  // where the watch has troubles
)

// Options says what is played.
type Options struct {
	Dir       string  // for configurations, data and logs
	Bin       string  // folder of the two programs
	Recording string  // the incident
	Rules     string  // file of recording rules
	Speed     float64 // of the replay
}

// A Stage runs from Start to Stop.
type Stage struct {
	API v1.API // of Prometheus

	opts      Options
	recording *recording
	began     time.Time
	phones    *phone.Server
	lab       *lab
	addresses map[string]string // by the part's name
	stops     []func() error    // in the order of the starts
}

// Start starts all parts.
func Start(ctx context.Context, o Options) (*Stage, error) {
	s := &Stage{opts: o, addresses: make(map[string]string), phones: phone.New(phone.Options{})}
	var err error
	if s.recording, err = readRecording(o.Recording); err == nil {
		err = s.start(ctx)
	}
	if err != nil {
		return nil, errors.Join(err, s.Stop())
	}
	return s, nil
}

func (s *Stage) start(ctx context.Context) error {
	for _, step := range []func(context.Context) error{
		s.startPhones, s.startRefusal, s.startCollector, s.startReceiver, s.startAlertmanager, s.startLab, s.startPrometheus, s.startDemo,
	} {
		if err := step(ctx); err != nil {
			return fmt.Errorf("set the stage: %w", err)
		}
	}
	return s.silence(ctx)
}

// Stop ends all parts, the last first.
func (s *Stage) Stop() error {
	var errs []error
	for _, stop := range slices.Backward(s.stops) {
		errs = append(errs, stop())
	}
	s.stops = nil
	return errors.Join(errs...)
}

// Name replaces addresses in a text by the names of the parts that have them.
func (s *Stage) Name(text string) string {
	for name, address := range s.addresses {
		text = strings.ReplaceAll(text, address, name)
	}
	return text
}

// Occurrences are those of the recording.
func (s *Stage) Occurrences() map[Series]int { return s.recording.occurrences }

// serve serves a handler under a name.
func (s *Stage) serve(ctx context.Context, name string, h http.Handler) error {
	l, err := new(net.ListenConfig).Listen(ctx, "tcp", "127.0.0.1:0")
	if err != nil {
		return err
	}
	srv := &http.Server{Handler: h, ReadHeaderTimeout: time.Minute}
	done := make(chan struct{})
	go func() {
		defer close(done)
		_ = srv.Serve(l) // until it is closed
	}()
	s.addresses[name] = l.Addr().String()
	s.stops = append(s.stops, func() error {
		err := srv.Close()
		<-done
		return err
	})
	return nil
}

func (s *Stage) startPhones(ctx context.Context) error {
	s.phones.AddDevice(phone.DeviceOptions{Name: "ada", Key: "AdaKeyAdaKeyAdaKeyAda1"})
	err := s.serve(ctx, "phones", s.phones)
	s.stops = append(s.stops, func() error { s.phones.Close(); return nil })
	return err
}

// startRefusal serves an Alertmanager that takes nothing.
func (s *Stage) startRefusal(ctx context.Context) error {
	return s.serve(ctx, "refusing", http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		http.Error(w, `{"code": 601, "message": "nothing is taken here"}`, http.StatusBadRequest)
	}))
}

// startCollector serves a collector that takes all.
func (s *Stage) startCollector(ctx context.Context) error {
	return s.serve(ctx, "collector", http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "application/x-protobuf") // whose empty message says so
	}))
}

func (s *Stage) startReceiver(ctx context.Context) error {
	config, err := s.file("receiver.yml", fmt.Sprintf(receiverConfig, s.URL("phones")))
	if err == nil {
		_, err = s.file("ada", "AdaKeyAdaKeyAdaKeyAda1\n")
	}
	if err == nil {
		_, err = s.file("unknown", "NobodyNobodyNobodyNo22\n")
	}
	if err != nil {
		return err
	}
	return s.run(ctx, "receiver", "alertmanager-bark", "--config.file="+config)
}

func (s *Stage) startAlertmanager(ctx context.Context) error {
	am, err := testbed.StartAlertmanager(ctx, fmt.Sprintf(alertmanagerConfig, s.URL("receiver")), testbed.ServerOptions{})
	if err != nil {
		return err
	}
	s.stops = append(s.stops, am.Stop)
	s.addresses["alertmanager"] = strings.TrimPrefix(am.URL(), "http://")
	return nil
}

func (s *Stage) startLab(ctx context.Context) error {
	l, err := newLab()
	if err != nil {
		return err
	}
	s.lab = l
	s.stops = append(s.stops, l.stop)
	config, err := s.file("lab.yml", fmt.Sprintf(labConfig, s.URL("alertmanager")))
	if err != nil {
		return err
	}
	return s.run(ctx, "lab-exporter", "kube-event-exporter",
		"--config.file="+config, "--kube.server="+l.server.URL(), "--state.file="+filepath.Join(s.opts.Dir, "state"),
		"--event-log.file="+filepath.Join(s.opts.Dir, "events.jsonl"),
		"--event-log.otlp.endpoint="+s.URL("collector"), "--event-log.otlp.protocol=http/protobuf")
}

func (s *Stage) startDemo(ctx context.Context) error {
	config, err := s.file("demo.yml", fmt.Sprintf(demoConfig, s.URL("alertmanager"), s.URL("refusing")))
	if err != nil {
		return err
	}
	return s.run(ctx, "demo-exporter", "kube-event-exporter",
		"--config.file="+config, "--replay.file="+s.opts.Recording, fmt.Sprintf("--replay.speed=%g", s.opts.Speed))
}

func (s *Stage) startPrometheus(ctx context.Context) error {
	if err := s.yesterday(ctx); err != nil {
		return fmt.Errorf("write yesterday: %w", err)
	}
	// The demo comes later: what happens first is to be seen, too.
	if err := s.reserve("demo-exporter"); err != nil {
		return err
	}
	a := s.addresses
	p, err := testbed.StartPrometheus(ctx,
		fmt.Sprintf(prometheusConfig, s.opts.Rules, a["demo-exporter"], a["lab-exporter"], a["receiver"], a["alertmanager"]),
		testbed.ServerOptions{Dir: s.opts.Dir})
	if err != nil {
		return err
	}
	s.stops = append(s.stops, p.Stop)
	client, err := api.NewClient(api.Config{Address: p.URL()})
	if err != nil {
		return err
	}
	s.API, s.began = v1.NewAPI(client), time.Now()
	return s.await(ctx, `up{cluster="lab"} == 1`)
}

// URL is the address of a part.
func (s *Stage) URL(name string) string { return "http://" + s.addresses[name] }

func (s *Stage) file(name, content string) (string, error) {
	path := filepath.Join(s.opts.Dir, name)
	return path, os.WriteFile(path, []byte(content), 0o600)
}

// reserve gives a part an address, unless it has one.
func (s *Stage) reserve(part string) error {
	if s.addresses[part] != "" {
		return nil
	}
	port, err := testbed.FreePort()
	if err != nil {
		return err
	}
	s.addresses[part] = fmt.Sprintf("127.0.0.1:%d", port)
	return nil
}

// run runs one of the two programs and waits until it answers.
func (s *Stage) run(ctx context.Context, part, program string, args ...string) error {
	path, err := filepath.Abs(filepath.Join(s.opts.Bin, program))
	if err != nil {
		return err
	}
	if err := s.reserve(part); err != nil {
		return err
	}
	p, err := testbed.Run(testbed.Command{
		Name: part, Path: path, Dir: s.opts.Dir, Args: append([]string{"--web.listen-address=" + s.addresses[part]}, args...),
	})
	if err != nil {
		return err
	}
	s.stops = append(s.stops, p.Stop)
	return testbed.Poll(ctx, "until "+part+" answers", func(ctx context.Context) (bool, error) {
		if !p.Running() {
			return false, errors.New(p.Tail(20))
		}
		return testbed.OK(ctx, s.URL(part)+"/-/healthy")
	})
}
