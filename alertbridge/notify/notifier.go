package notify

import (
	"context"
	"maps"
	"net"
	"slices"
	"sync"
	"time"

	"github.com/go-kit/log"
	"github.com/go-kit/log/level"
	"github.com/prometheus/client_golang/prometheus"
)

// resolveInterval is how often names are looked up again.
const resolveInterval = 15 * time.Second

// Options are the options of [New].
type Options struct {
	Logger     log.Logger
	Registerer prometheus.Registerer
	// Current gives the state of all alerts that are or were lately active,
	// for an Alertmanager that may not know them.
	Current func() []Alert
	// Resolver looks names up; nil means the system's.
	Resolver Resolver
}

// Notifier brings alerts to all Alertmanagers.
type Notifier struct {
	logger   log.Logger
	current  func() []Alert
	resolver Resolver
	metrics  *metrics
	applied  chan struct{} // tells Run of a new configuration

	mu       sync.Mutex
	config   Config
	entries  []*resolved
	senders  map[string]*running
	ctx      context.Context // of Run; nil before
	finished sync.WaitGroup
}

// running is a sender and, once it runs, what stops it.
type running struct {
	*sender
	stop context.CancelFunc
}

// New returns a notifier without Alertmanagers.
func New(o Options) *Notifier {
	n := &Notifier{
		logger: o.Logger, current: o.Current, resolver: o.Resolver,
		metrics: newMetrics(o.Registerer), applied: make(chan struct{}, 1), senders: map[string]*running{},
	}
	if n.resolver == nil {
		n.resolver = net.DefaultResolver
	}
	return n
}

// Apply puts a configuration in force. Alertmanagers that are in the old one
// too keep their queue. On an error nothing has changed.
func (n *Notifier) Apply(c Config) error {
	if err := c.Validate(); err != nil {
		return err
	}
	var es []*resolved
	for i := range c.Alertmanagers {
		r, err := newResolved(&c.Alertmanagers[i])
		if err != nil {
			return err
		}
		es = append(es, r)
	}
	n.mu.Lock()
	defer n.mu.Unlock()
	n.metrics.capacity.Set(float64(c.QueueCapacity))
	for _, e := range es {
		if i := slices.IndexFunc(n.entries, e.sameName); i >= 0 {
			e.addresses = n.entries[i].addresses
		}
	}
	n.config, n.entries = c, es
	n.reconcile()
	select {
	case n.applied <- struct{}{}:
	default:
	}
	return nil
}

// Send queues the alerts for every Alertmanager.
func (n *Notifier) Send(as ...Alert) {
	n.mu.Lock()
	defer n.mu.Unlock()
	for _, s := range n.senders {
		s.push(as)
	}
}

// Run sends what is queued until ctx is done, and then the rest, for 5 s at
// most.
func (n *Notifier) Run(ctx context.Context) error {
	n.mu.Lock()
	n.ctx = ctx
	for _, s := range n.senders {
		n.start(s)
	}
	n.mu.Unlock()
	tick := time.NewTicker(resolveInterval)
	defer tick.Stop()
	for ctx.Err() == nil {
		n.resolve(ctx)
		select {
		case <-ctx.Done():
		case <-tick.C:
		case <-n.applied:
		}
	}
	n.finished.Wait()
	return nil
}

// start lets the sender run; mu is held.
func (n *Notifier) start(s *running) {
	ctx, stop := context.WithCancel(n.ctx)
	s.stop = stop
	n.finished.Go(func() { s.run(ctx) })
}

// resolve looks all names up, without holding up Send.
func (n *Notifier) resolve(ctx context.Context) {
	n.mu.Lock()
	es := n.entries
	n.mu.Unlock()
	found := make([][]address, len(es))
	for i, e := range es {
		found[i] = e.lookUp(ctx, n.resolver, n.logger)
	}
	n.mu.Lock()
	defer n.mu.Unlock()
	for i, e := range es {
		if len(found[i]) > 0 { // an empty answer is no news: keep what we have
			e.addresses = found[i]
		}
	}
	n.reconcile()
}

// reconcile makes the senders be those that the entries ask for; mu is held.
func (n *Notifier) reconcile() {
	if n.ctx != nil && n.ctx.Err() != nil {
		return
	}
	want := map[string]*endpoint{}
	for _, e := range n.entries {
		for _, a := range e.addresses {
			if _, ok := want[a.url]; !ok {
				want[a.url] = e.endpoint(a)
			}
		}
	}
	for name := range maps.Keys(n.senders) {
		if want[name] == nil {
			n.remove(name)
		}
	}
	for name, ep := range want {
		s, ok := n.senders[name]
		if !ok {
			s = n.add(name)
		}
		s.endpoint.Store(ep)
		s.maxDelay.Store(int64(min(maxDelay, max(firstDelay, time.Duration(n.config.ResendInterval)/2))))
		s.count(s.queue.setCapacity(n.config.QueueCapacity))
		if !ok && n.ctx != nil {
			n.start(s)
		}
	}
}

func (n *Notifier) add(name string) *running {
	s := &running{sender: &sender{
		name: name, queue: newQueue(n.config.QueueCapacity), metrics: n.metrics.target(name),
		logger: log.With(n.logger, "alertmanager", name), current: n.current,
	}}
	n.senders[name] = s
	return s
}

func (n *Notifier) remove(name string) {
	s := n.senders[name]
	delete(n.senders, name)
	s.removed.Store(true)
	if s.stop != nil {
		s.stop()
	}
	n.metrics.remove(name)
	level.Info(n.logger).Log("msg", "no longer sending to an Alertmanager", "alertmanager", name)
}
