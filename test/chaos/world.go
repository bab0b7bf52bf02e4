package chaos

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"k8s.io/client-go/kubernetes"

	"github.com/kubebark/kubebark/test/clock"
	"github.com/kubebark/kubebark/test/phone"
	"github.com/kubebark/kubebark/test/testbed"
)

// Options say what to run.
type Options struct {
	Seed uint64
	For  time.Duration // how long faults come
	Dir  string        // an empty directory for files and logs
	Bin  string        // the directory of kubebark's programs
	Tell func(format string, args ...any)
}

// world is all that a run takes place in.
type world struct {
	opts Options
	pace pace
	dir  string
	rand *rand.Rand

	timeline *timeline
	secrets  *secrets
	ledger   *ledger
	logs     *logs
	serial   atomic.Int64 // makes events' names
	epoch    atomic.Int64
	skew     atomic.Int64 // by how much reporters' clocks are wrong, in nanoseconds

	cp     *testbed.ControlPlane
	client kubernetes.Interface

	ports     testbed.Ports
	lines     map[string]*testbed.Line
	exporters []*program
	ams       []*program
	receiver  *program
	prom      *program
	ids       []*identity // of the exporters
	hook      *hookAuth

	phones   *phone.Server
	bark     *http.Server
	barkPort int
	people   []*person
	deaf     windows // in which an exporter may hear late
	lossy    windows // in which nobody may know that a push came

	locks map[string]*sync.Mutex // of what has one fault at a time

	cancel context.CancelCauseFunc
}

func newWorld(o Options) *world {
	return &world{
		opts: o, pace: paceOf(o.For), dir: o.Dir,
		rand:     rand.New(rand.NewPCG(o.Seed, 1)), //nolint:gosec // it is to be repeatable
		timeline: &timeline{begun: time.Now(), tell: o.Tell}, secrets: newSecrets(), ledger: newLedger(), logs: newLogs(),
		lines: map[string]*testbed.Line{}, locks: map[string]*sync.Mutex{},
	}
}

// build starts all parts.
func (w *world) build(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, w.pace.limit)
	defer cancel()
	var o testbed.Options
	o.Dir = filepath.Join(w.dir, "cluster")
	if !w.pace.short {
		o.EventTTL = 5 * time.Minute
		o.APIServerArgs = []string{"--etcd-compaction-interval=1m"}
	}
	var err error
	if w.cp, err = testbed.StartControlPlane(ctx, o); err != nil {
		return err
	}
	if w.client, err = w.newClient(); err != nil {
		return err
	}
	for _, step := range []func(context.Context) error{
		w.startPhones, w.layLines, w.makeIdentities, w.startReceiver, w.startAlertmanagers, w.startPrometheus, w.startExporters, w.well,
	} {
		if err := step(ctx); err != nil {
			return err
		}
	}
	return nil
}

func (w *world) newClient() (kubernetes.Interface, error) {
	c := w.cp.Config()
	c.Timeout = 10 * time.Second
	client, err := kubernetes.NewForConfig(c)
	if err != nil {
		return nil, fmt.Errorf("make client: %w", err)
	}
	return client, nil
}

// layLines makes the network between the parts. The programs' ports are chosen
// here, so that lines can lead to what is not there yet.
func (w *world) layLines(context.Context) error {
	var errs []error
	one := func(name string) *program {
		port, err := w.ports.Quiet()
		dir := filepath.Join(w.dir, name)
		p := &program{
			name: name, health: "/-/ready", url: fmt.Sprintf("http://127.0.0.1:%d", port), client: newClient(nil),
			command: testbed.Command{Name: name, Dir: dir},
		}
		errs = append(errs, err, os.MkdirAll(dir, 0o700))
		return p
	}
	w.exporters = []*program{one("exporter-a"), one("exporter-b")}
	w.ams = []*program{one("alertmanager-1"), one("alertmanager-2")}
	w.receiver, w.prom = one("receiver"), one("prometheus")
	for _, p := range append(slices.Clone(w.exporters), w.receiver) {
		c, err := clock.New(p.command.Dir, "own")
		if errors.Is(err, clock.ErrUnsupported) {
			w.timeline.add("%s goes by the machine's clock: %v", p.name, err)
			continue
		}
		errs = append(errs, err)
		p.clock = c
	}
	if err := errors.Join(errs...); err != nil {
		return err
	}
	for name, to := range map[string]string{
		"api-a": hostOf(w.cp.URL()), "api-b": hostOf(w.cp.URL()),
		"am-1": hostOf(w.ams[0].url), "am-2": hostOf(w.ams[1].url),
		"hook": hostOf(w.receiver.url), "bark": fmt.Sprintf("127.0.0.1:%d", w.barkPort),
		"scrape-a": hostOf(w.exporters[0].url), "scrape-b": hostOf(w.exporters[1].url),
	} {
		l, err := testbed.NewLine(0, to)
		if err != nil {
			return err
		}
		w.lines[name] = l
	}
	return nil
}

// programs are all that the run starts besides the control plane.
func (w *world) programs() []*program {
	var all []*program
	for _, p := range append(append(append([]*program{}, w.exporters...), w.ams...), w.receiver, w.prom) {
		if p != nil && p.running() != nil {
			all = append(all, p)
		}
	}
	return all
}

// well waits until every part is.
func (w *world) well(ctx context.Context) error {
	for _, p := range w.programs() {
		if err := p.well(ctx); err != nil {
			return err
		}
	}
	if err := w.met(ctx); err != nil {
		return err
	}
	return w.scraped(ctx)
}

// close ends everything.
func (w *world) close() error {
	var errs []error
	for _, p := range w.programs() {
		p.kill()
		if p.clock != nil {
			p.clock.Close()
		}
	}
	for _, l := range w.lines {
		l.Close()
	}
	if w.phones != nil {
		w.phones.Close()
		errs = append(errs, w.bark.Close())
	}
	if w.cp != nil {
		for _, p := range w.cp.Processes() {
			p.Kill() // nothing of it is needed any more
		}
		errs = append(errs, w.cp.Stop())
	}
	http.DefaultClient.CloseIdleConnections()
	return errors.Join(errs...)
}

// lock keeps all other faults from what has the name.
func (w *world) lock(name string) *sync.Mutex {
	if w.locks[name] == nil {
		w.locks[name] = new(sync.Mutex)
	}
	return w.locks[name]
}

// pause waits for d or until ctx is done.
func pause(ctx context.Context, d time.Duration) {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-ctx.Done():
	case <-t.C:
	}
}
