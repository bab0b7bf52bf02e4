package truth

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"slices"
	"sync"
	"time"

	"github.com/kubebark/kubebark/test/fakeapi"
	"github.com/kubebark/kubebark/test/tally"
	"github.com/kubebark/kubebark/test/testbed"
)

const (
	startLimit  = time.Minute     // for the exporter's first list, on a busy machine
	settleLimit = 2 * time.Minute // for the last happening to be counted
	// stall is how long a second Prometheus may be kept from scraping before
	// it could have missed a new series' 0.
	stall = 1500 * time.Millisecond
)

// options say how schedules are run.
type options struct {
	Bin    string         // path of the exporter
	Ports  *testbed.Ports // of all that run at once
	Dir    string         // an empty directory
	Length time.Duration
}

// report is what became of a schedule.
type report struct {
	Schedule *schedule
	Verdicts []verdict // one for each Prometheus
	Log      verdict   // of the event log, where there is one
	Alerts   verdict   // of Warnings and their alerts, where there are shards
	Notes    string
	Tail     string // of the exporter's log
}

// world is all that a schedule takes place in.
type world struct {
	opts     options
	schedule *schedule
	rand     *rand.Rand
	ledger   *ledger
	store    *fakeapi.Store
	server   *fakeapi.Server
	exporter *exporter // the first, and mostly the only one
	// exporters are all, where shards divide the cluster.
	exporters []*exporter
	disk      *disk
	story     *story
	scrapers  []*scraper

	mu   sync.Mutex
	errs []error
}

// run runs a schedule. An error means that it could not be run to its end.
func run(ctx context.Context, s *schedule, o options) (*report, error) {
	w := &world{opts: o, schedule: s, ledger: newLedger(), rand: rand.New(rand.NewPCG(s.Seed, 2))} //nolint:gosec // it is to be repeatable
	defer w.close()
	if err := w.build(); err != nil {
		return nil, err
	}
	ctx, stop := context.WithCancel(ctx)
	var wg sync.WaitGroup
	defer wg.Wait()
	defer stop()
	for _, sc := range w.scrapers {
		wg.Go(func() { sc.run(ctx) })
	}
	err := w.begin(ctx)
	if err == nil {
		err = w.play(ctx)
	}
	if err == nil {
		err = w.settle(ctx)
	}
	if err != nil {
		return nil, fmt.Errorf("%w\n%s", err, w.tail(40))
	}
	r := w.report()
	if w.logs() {
		r.Log = w.logged(ctx)
	}
	if w.shards() > 1 {
		r.Alerts = w.alerted(ctx)
	}
	return r, nil
}

// logs tells that there is an event log. On a disk that fails it may lack what
// waits in memory when the exporter is killed.
func (w *world) logs() bool { return !w.schedule.Kind.Disk }

func (w *world) build() error {
	k := w.schedule.Kind
	w.store = fakeapi.NewStore(fakeapi.StoreOptions{})
	port, err := w.opts.Ports.Quiet()
	if err == nil {
		w.server, err = fakeapi.Serve(w.store, port)
	}
	if err != nil {
		return err
	}
	config := k.Config
	if !k.Pair {
		config += "\n  new_series_delay: 0s"
	}
	flags := append([]string{"--kube.server=" + w.server.URL()}, k.Flags...)
	if k.Divided {
		w.server.Divide()
	}
	if k.Late {
		w.server.SayLater(200 * time.Millisecond) // dozens of writes
	}
	if err := w.employ("metrics:\n  "+config+"\n", flags); err != nil {
		return err
	}
	targets := w.exporters
	if k.Pair {
		targets = []*exporter{w.exporter, w.exporter}
	}
	for _, e := range targets {
		r := rand.New(rand.NewPCG(w.rand.Uint64(), 3)) //nolint:gosec // it is to be repeatable
		w.scrapers = append(w.scrapers, newScraper(e.url+"/metrics", 250*time.Millisecond, r, w.scraped))
	}
	w.disk = &disk{state: stateFile(w.opts.Dir), exporter: w.exporter, ledger: w.ledger}
	w.scrapers[0].wrote = w.disk.wrote
	w.story = newStory(storeCluster{w.store}, w.ledger, plot{
		Puts: !k.Lists || k.Bound, Careless: k.Bound, Pace: 4 * time.Millisecond,
	}, w.rand)
	w.story.get = w.store.Get
	return nil
}

// scraped takes what a scraper has: of shards, only all together tell the truth.
func (w *world) scraped(totals map[tally.Labels]int64) {
	if w.shards() > 1 {
		totals = w.totals()[0]
	}
	w.ledger.scraped(totals)
}

// begin starts the exporter in a cluster that has a history, and waits until
// it knows it. What comes next counts.
func (w *world) begin(ctx context.Context) error {
	present := w.rand.IntN(1500)
	if w.server == nil { // a real one, where each write takes its time
		present = 501 + present%100 // two pages of a list
	}
	if err := w.story.before(present); err != nil {
		return err
	}
	ctx, cancel := context.WithTimeout(ctx, startLimit)
	defer cancel()
	if err := w.each((*exporter).start); err != nil {
		return err
	}
	if err := w.each(func(e *exporter) error { return e.ready(ctx) }); err != nil {
		return err
	}
	if w.schedule.Kind.State {
		// Killed before that it would have no state, and so begin once more.
		if err := w.hasState(ctx); err != nil {
			return err
		}
	}
	w.ledger.begin()
	return nil
}

// play lets the story and the faults happen side by side, and heals the world.
func (w *world) play(ctx context.Context) error {
	playing, cancel := context.WithTimeout(ctx, w.opts.Length)
	defer cancel()
	var wg sync.WaitGroup
	wg.Go(func() { w.failed(w.story.play(playing)) })
	begun := time.Now()
	for _, st := range w.schedule.Steps {
		pause(ctx, time.Until(begun.Add(st.At)))
		wg.Go(func() { w.failed(w.take(ctx, st)) })
	}
	wg.Wait()
	w.server.Heal()
	w.failed(w.server.Accept())
	w.failed(w.each((*exporter).start))
	w.mu.Lock()
	defer w.mu.Unlock()
	return errors.Join(w.errs...)
}

func (w *world) failed(err error) {
	if err == nil {
		return
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	w.errs = append(w.errs, err)
}

// settle waits until the last happening has been scraped by all.
func (w *world) settle(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, settleLimit)
	defer cancel()
	if err := w.story.settle(ctx); err != nil {
		return err
	}
	last, err := w.story.end()
	if err != nil {
		return err
	}
	return testbed.Poll(ctx, "until the last occurrences are scraped", func(context.Context) (bool, error) {
		if err := w.each((*exporter).alive); err != nil {
			return false, err
		}
		for i, totals := range w.totals() {
			missing := slices.ContainsFunc(last, func(ls tally.Labels) bool { return totals[ls] == 0 })
			if w.schedule.Kind.Limited { // they need not have series of their own
				missing = missing && !w.ledger.judge(totals, false, true).OK()
			}
			if missing {
				return false, w.scrapers[i].lastError()
			}
		}
		return true, nil
	})
}

func (w *world) report() *report {
	r := &report{Schedule: w.schedule, Tail: w.tail(60)}
	k := w.schedule.Kind
	for i, totals := range w.totals() {
		if d := w.scrapers[i].stalled(); k.Pair && d > stall {
			r.Notes += fmt.Sprintf("Prometheus %d was kept from scraping for %s and is not judged; ", i, d.Round(time.Millisecond))
			continue
		}
		r.Verdicts = append(r.Verdicts, w.ledger.judge(totals, k.Bound, k.Limited))
	}
	own, starts := w.own()
	lists, watches := w.server.Requests()
	if k.Disk {
		r.Notes += fmt.Sprintf("%.0f failed writes; ", own["kube_event_exporter_state_write_failures_total"])
	}
	r.Notes += fmt.Sprintf("%d faults, %d starts, %d pages of lists, %d watches, recovered %.0f, inexact %.0f, %s", len(w.schedule.Steps),
		starts, lists, watches, own["kube_event_exporter_recovered_occurrences_total"], own["kube_event_exporter_inexact_occurrences_total"], w.story.shelf.told)
	return r
}

func (w *world) close() {
	_ = w.each(func(e *exporter) error { return e.stop(true) }) // a crash cannot fail
	if w.server != nil {
		w.server.Close()
	}
}
