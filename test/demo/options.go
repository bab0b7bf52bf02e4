package demo

import (
	"cmp"
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"net"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"time"
)

// usageError is a fault in how the demo was called.
type usageError struct{ error }

// options are what can be chosen. Each flag has an environment variable, so
// that `make demo DEMO_PORT_PHONE=8081` works.
type options struct {
	ports map[string]int // by part

	speed      float64
	incident   string
	recorded   incident // what is in it
	bin, parts string
	kubeconfig string
	own        bool   // a cluster of the demo's own
	impatient  string // how long BackOff and Unhealthy must be quiet to be over; "" as shipped

	barkServer, barkKeyFile string

	once  bool
	limit time.Duration
	keep  bool
}

// How long the demo waits before it holds something for over that no event
// ends.
const (
	replayImpatient = "5m"
	ownImpatient    = "90s"
)

// How long a demo that ends by itself may take.
const (
	usualLimit = 5 * time.Minute
	ownLimit   = 20 * time.Minute
)

// port is one that the demo takes.
type port struct {
	part, env string
	number    int
	what      string
}

const (
	partPhone        = "phone"
	partAlertmanager = "alertmanager"
	partExporter     = "exporter"
	partBark         = "bark"
	partRealBark     = "bark-real"
)

func ports() []port {
	return []port{
		{partPhone, "DEMO_PORT_PHONE", 8080, "the stand-in for the phones"},
		{partAlertmanager, "DEMO_PORT_ALERTMANAGER", 9093, "Alertmanager"},
		{partExporter, "DEMO_PORT_EXPORTER", 10056, "kube-event-exporter"},
		{partBark, "DEMO_PORT_BARK", 10057, "alertmanager-bark"},
		{partRealBark, "DEMO_PORT_BARK_REAL", 10058, "a second alertmanager-bark, for a real phone"},
	}
}

// parse reads flags, each with a default from the environment.
// own says that the demo has a cluster of its own.
func parse(args []string, getenv func(string) string, stderr io.Writer, own bool) (*options, error) {
	o := &options{ports: map[string]int{}, own: own}
	fs := flag.NewFlagSet("demo", flag.ContinueOnError)
	fs.SetOutput(stderr)
	var bad error
	env := func(name, def string) string {
		if v := getenv(name); v != "" {
			return v
		}
		return def
	}
	numbers := map[string]*int{}
	for _, p := range ports() {
		n, err := strconv.Atoi(env(p.env, strconv.Itoa(p.number)))
		if err != nil || n < 1 || n > 65535 {
			bad = errors.Join(bad, fmt.Errorf("%s=%q is not a port", p.env, getenv(p.env)))
		}
		numbers[p.part] = fs.Int("port."+p.part, n, "port of "+p.what+" ("+p.env+")")
	}
	speed, err := strconv.ParseFloat(env("DEMO_SPEED", "0"), 64)
	if err != nil {
		bad = errors.Join(bad, fmt.Errorf("DEMO_SPEED=%q is not a speed", getenv("DEMO_SPEED")))
	}
	fs.Float64Var(&o.speed, "speed", speed, "how much faster than recorded the replay runs; 0 chooses (DEMO_SPEED)")
	fs.StringVar(&o.incident, "incident", "test/incident/incident.jsonl", "recording to replay")
	fs.StringVar(&o.bin, "bin", "bin", "directory of kube-event-exporter and alertmanager-bark")
	fs.StringVar(&o.parts, "parts", filepath.Join(env("CACHE", ".cache"), "bin"), "directory of the real parts, such as alertmanager")
	fs.StringVar(&o.kubeconfig, "kubeconfig", "", "watch this cluster instead of replaying")
	fs.StringVar(&o.impatient, "impatient", "", "hold what no event ends for over after so long a quiet; a replay's default is "+replayImpatient+", divided by its speed")
	fs.StringVar(&o.barkServer, "bark.server", env("BARK_SERVER", "https://api.day.app"), "bark-server of a real phone (BARK_SERVER)")
	fs.StringVar(&o.barkKeyFile, "bark.key-file", getenv("BARK_KEY_FILE"), "file with a real phone's device key: pushes go there too (BARK_KEY_FILE)")
	fs.BoolVar(&o.once, "once", getenv("DEMO_ONCE") != "", "end after the all-clear (DEMO_ONCE)")
	fs.DurationVar(&o.limit, "limit", 0, "with --once, fail if there is no all-clear by then; 0 chooses")
	fs.BoolVar(&o.keep, "keep", getenv("DEMO_KEEP") != "", "leave the directory with configurations and logs (DEMO_KEEP)")
	if err := fs.Parse(args); err != nil {
		if errors.Is(err, flag.ErrHelp) {
			return nil, err
		}
		return nil, usageError{err}
	}
	for part, n := range numbers {
		o.ports[part] = *n
	}
	return o, errors.Join(bad, o.check(fs.Args()))
}

// check refuses what does not go together, and what is not there.
func (o *options) check(rest []string) error {
	if len(rest) > 0 {
		return usageError{fmt.Errorf("unexpected argument %q", rest[0])}
	}
	for _, p := range ports() {
		if n := o.ports[p.part]; n < 1 || n > 65535 {
			return usageError{fmt.Errorf("port.%s: %d is not a port", p.part, n)}
		}
	}
	if o.speed < 0 {
		return usageError{errors.New("speed must not be below 0")}
	}
	var err error
	if o.barkKeyFile != "" {
		o.barkKeyFile, err = absolute(o.barkKeyFile)
	}
	switch {
	case o.own && o.kubeconfig != "":
		err = errors.Join(err, errors.New("this demo has a cluster of its own: leave --kubeconfig out"))
	case o.own:
		o.impatient, o.limit = cmp.Or(o.impatient, ownImpatient), cmp.Or(o.limit, ownLimit)
	case o.kubeconfig != "":
		var kerr error
		o.kubeconfig, kerr = absolute(o.kubeconfig)
		err = errors.Join(err, kerr)
	default:
		o.impatient = cmp.Or(o.impatient, replayImpatient)
		err = errors.Join(err, o.read())
	}
	o.limit = cmp.Or(o.limit, usualLimit)
	if err != nil {
		return usageError{err}
	}
	return nil
}

// read looks at the recording and chooses the speed.
func (o *options) read() (err error) {
	if o.incident, err = absolute(o.incident); err != nil {
		return err
	}
	if o.recorded, err = readIncident(o.incident); err != nil {
		return err
	}
	if o.speed == 0 {
		o.speed = o.recorded.speed()
	}
	return nil
}

// absolute makes a file's path independent of where a part runs, and sees
// that it can be read.
func absolute(path string) (string, error) {
	path, err := filepath.Abs(path)
	if err != nil {
		return "", err
	}
	f, err := os.Open(path)
	if err != nil {
		return "", err
	}
	return path, f.Close()
}

// used are the ports that this run takes.
func (o *options) used() []port {
	return slices.DeleteFunc(ports(), func(p port) bool {
		return p.part == partRealBark && o.barkKeyFile == ""
	})
}

// address is where a part listens.
func (o *options) address(part string) string {
	return net.JoinHostPort("127.0.0.1", strconv.Itoa(o.ports[part]))
}

// url is where people find it.
func (o *options) url(part, path string) string {
	return fmt.Sprintf("http://localhost:%d%s", o.ports[part], path)
}

// free names the ports that are taken already, and how to choose others.
func (o *options) free(ctx context.Context) error {
	var lc net.ListenConfig
	var errs []error
	for _, p := range o.used() {
		l, err := lc.Listen(ctx, "tcp", o.address(p.part))
		if err != nil {
			errs = append(errs, fmt.Errorf("port %d for %s cannot be had, set %s to another: %w",
				o.ports[p.part], p.what, p.env, err))
			continue
		}
		errs = append(errs, l.Close())
	}
	return errors.Join(errs...)
}
