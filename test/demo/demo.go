package demo

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"time"

	"github.com/kubebark/kubebark/test/phone"
)

// demo is one run.
type demo struct {
	o     *options
	tell  *teller
	phone *phone.Server
	files *layout
	parts []*process

	cluster Cluster // nil without one of the demo's own
}

func newDemo(o *options, out io.Writer, cluster Cluster) *demo {
	return &demo{o: o, tell: newTeller(out), phone: phone.New(phone.Options{}), cluster: cluster}
}

// run starts everything, tells the story and ends everything.
func (d *demo) run(ctx context.Context) (err error) {
	if err := errors.Join(d.o.free(ctx), d.programs()); err != nil {
		return err
	}
	d.files, err = newLayout()
	if d.files != nil {
		defer func() { err = errors.Join(err, d.tidy(err != nil)) }()
	}
	if err != nil {
		return fmt.Errorf("make the demo's directory: %w", err)
	}
	if err := d.files.write(d.o.settings()); err != nil {
		return fmt.Errorf("write configurations: %w", err)
	}
	stopPhone, err := d.servePhone(ctx)
	if err != nil {
		return err
	}
	defer func() {
		d.tell.say("ending every part…")
		err = errors.Join(err, stopAll(d.parts), d.stopCluster(), stopPhone())
	}()
	if err := d.startCluster(ctx); err != nil {
		return unlessDone(ctx, err)
	}
	if err := d.start(ctx); err != nil {
		return unlessDone(ctx, err)
	}
	d.announce()
	return unlessDone(ctx, d.watch(ctx))
}

// unlessDone forgets an error that only says that the demo was told to end.
func unlessDone(ctx context.Context, err error) error {
	if ctx.Err() != nil && errors.Is(err, context.Canceled) {
		err = nil
	}
	return err
}

// tidy removes the directory, or says where it is if something went wrong.
func (d *demo) tidy(failed bool) error {
	if failed || d.o.keep {
		d.tell.say("configurations and logs are left in " + d.files.dir)
		return nil
	}
	return d.files.remove()
}

// programs sees that all programs are there before anything starts.
func (d *demo) programs() error {
	var errs []error
	for _, path := range []string{d.exporter(), d.bark(), d.alertmanager()} {
		if _, err := os.Stat(path); err != nil {
			errs = append(errs, fmt.Errorf("%w (make demo builds it)", err))
		}
	}
	return errors.Join(errs...)
}

func (d *demo) exporter() string     { return filepath.Join(d.o.bin, "kube-event-exporter") }
func (d *demo) bark() string         { return filepath.Join(d.o.bin, "alertmanager-bark") }
func (d *demo) alertmanager() string { return filepath.Join(d.o.parts, "alertmanager") }

// servePhone serves the stand-in in this process.
func (d *demo) servePhone(ctx context.Context) (stop func() error, err error) {
	d.files.phones(d.phone)
	var lc net.ListenConfig
	l, err := lc.Listen(ctx, "tcp", d.o.address(partPhone))
	if err != nil {
		return nil, err
	}
	srv := &http.Server{Handler: d.phone, ReadHeaderTimeout: 10 * time.Second}
	done := make(chan error, 1)
	go func() { done <- srv.Serve(l) }()
	d.tell.step("phones", d.o.url(partPhone, "/phone/"), "stand-ins, with bark-server's own API")
	return func() error {
		d.phone.Close() // ends the pages' streams
		ctx, cancel := context.WithTimeout(context.Background(), grace)
		defer cancel()
		err := srv.Shutdown(ctx)
		if e := <-done; !errors.Is(e, http.ErrServerClosed) {
			err = errors.Join(err, e)
		}
		return err
	}, nil
}

// part is a program to start, and where it says that it is ready.
type part struct {
	name, path string
	args       []string
	env        []string
	ready      string
	where      string
	what       string
}

// start starts the parts in the order in which they need each other.
func (d *demo) start(ctx context.Context) error {
	for _, p := range d.plan() {
		path, err := filepath.Abs(p.path)
		if err != nil {
			return err
		}
		proc, err := startProcess(d.files.dir, p.name, path, p.args, p.env)
		if err != nil {
			return err
		}
		d.parts = append(d.parts, proc)
		if err := d.await(ctx, proc, p.ready); err != nil {
			return err
		}
		d.tell.step(p.name, p.where, p.what)
	}
	return nil
}

func (d *demo) plan() []part {
	env := environment()
	plan := []part{{
		name: "alertmanager", path: d.alertmanager(), env: env,
		args: []string{
			"--config.file=" + d.files.path("alertmanager.yml"), "--storage.path=" + d.files.path("alertmanager"),
			"--web.listen-address=" + d.o.address(partAlertmanager), "--web.external-url=" + d.o.url(partAlertmanager, "/"),
			"--cluster.listen-address=", "--log.level=info",
		},
		ready: d.o.url(partAlertmanager, "/-/ready"), where: d.o.url(partAlertmanager, "/"), what: "Alertmanager",
	}}
	plan = append(plan, d.receiver("alertmanager-bark", "bark.yml", partBark, "pushes to the stand-ins"))
	if d.o.barkKeyFile != "" {
		plan = append(plan, d.receiver("alertmanager-bark-real", "bark-real.yml", partRealBark, "pushes to the phone of "+d.o.barkServer))
	}
	return append(plan, d.source(env))
}

func (d *demo) receiver(name, config, at, what string) part {
	return part{
		name: name, path: d.bark(), env: environment(),
		args: []string{
			"--config.file=" + d.files.path(config), "--web.listen-address=" + d.o.address(at),
			"--web.external-url=" + d.o.url(at, "/"),
		},
		ready: d.o.url(at, "/-/ready"), where: d.o.url(at, "/metrics"), what: what,
	}
}

// source is the exporter, with its events from a recording or a cluster.
func (d *demo) source(env []string) part {
	p := part{
		name: "kube-event-exporter", path: d.exporter(), env: env,
		args: []string{
			"run", "--config.file=" + d.files.path("exporter.yml"), "--web.listen-address=" + d.o.address(partExporter),
			"--web.external-url=" + d.o.url(partExporter, "/"),
		},
		ready: d.o.url(partExporter, "/-/ready"), where: d.o.url(partExporter, "/metrics"),
	}
	if d.o.kubeconfig != "" {
		p.args = append(p.args, "--kubeconfig="+d.o.kubeconfig)
		p.what = "watches the cluster of " + d.o.kubeconfig
		return p
	}
	speed := strconv.FormatFloat(d.o.speed, 'g', -1, 64)
	p.args = append(p.args, "--replay.file="+d.o.incident, "--replay.speed="+speed)
	p.what = "replays " + filepath.Base(d.o.incident) + ", " + speed + " times as fast as recorded"
	return p
}

// environment is the demo's own without what would lead a part elsewhere.
func environment() []string {
	var out []string
	for _, kv := range os.Environ() {
		if !strings.HasPrefix(kv, "KUBECONFIG=") {
			out = append(out, kv)
		}
	}
	return out
}

// announce says what to open.
func (d *demo) announce() {
	d.tell.say("")
	d.tell.say("Open while it runs:")
	d.tell.open("the phones", d.o.url(partPhone, "/phone/"))
	d.tell.open("the events' alerts", d.o.url(partExporter, "/alerts"))
	d.tell.open("the events' counters", d.o.url(partExporter, "/metrics"))
	d.tell.open("Alertmanager", d.o.url(partAlertmanager, "/"))
	d.tell.open("the pushes' counters", d.o.url(partBark, "/metrics"))
	d.tell.say("Ctrl-C ends everything.")
	d.tell.say("")
}
