package chaos

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"time"

	"github.com/kubebark/kubebark/test/clock"
)

// A Report is what came of a run.
type Report struct {
	Options  Options
	Length   time.Duration
	Epochs   int64
	Faults   map[string]int
	Events   int   // writes of the workload
	Sets     int   // label sets
	Made     int64 // occurrences
	Beyond   int64 // of those, not counted and not to be known
	Troubles int
	Pushes   int
	Strained int // pushes about troubles that nobody could hear of for too long
	Excused  int // pushes that came again because nobody could know that they had come
	Looks    int // for secrets, in so many places
	Starts   int
	Growth   []growth
	Timeline string
	Tails    string // of all logs, if the run failed
}

// String tells it in a few lines.
func (r *Report) String() string {
	n := 0
	for _, c := range r.Faults {
		n += c
	}
	var b strings.Builder
	fmt.Fprintf(&b, "seed %d: %s, %d epochs, %d faults, %d starts of programs; %d occurrences of %d label sets, %d not to be known; "+
		"%d troubles, %d pushes, %d excused, %d strained; secrets looked for in %d places",
		r.Options.Seed, r.Length.Round(time.Second), r.Epochs, n, r.Starts, r.Made, r.Sets, r.Beyond, r.Troubles, r.Pushes, r.Excused, r.Strained, r.Looks)
	for _, g := range r.Growth {
		fmt.Fprintf(&b, "\n  %s", g)
	}
	return b.String()
}

// Run runs a schedule. An error is a promise that was broken, or a world that
// could not be had.
func Run(ctx context.Context, o Options) (*Report, error) {
	w := newWorld(o)
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	w.cancel = cancel
	r := &register{lossy: &w.lossy, quiet: w.pace.quiet, troubles: map[string]*trouble{}}
	report := &Report{Options: o, Faults: map[string]int{}}
	err := w.build(ctx)
	if err == nil {
		err = w.live(ctx, r, report)
	}
	report.Length = time.Since(w.timeline.begun)
	w.fill(report, r)
	if err != nil {
		w.timeline.add("%v", err)
		report.Tails = w.logs.tails(w.dir)
	}
	report.Timeline = w.timeline.String()
	return report, errors.Join(err, w.close())
}

func (w *world) fill(report *Report, r *register) {
	r.mu.Lock()
	defer r.mu.Unlock()
	report.Sets, report.Made = w.ledger.made()
	report.Epochs = w.epoch.Load()
	report.Troubles, report.Pushes, report.Excused, report.Strained = len(r.troubles), r.pushes, r.excused, r.strained
	report.Looks = w.secrets.looks
	for _, p := range w.programs() {
		report.Starts += p.starts
	}
}

// fail ends the run.
func (w *world) fail(err error) { w.cancel(err) }

// live lets the workload and the storms go on side by side, and judges.
func (w *world) live(ctx context.Context, r *register, report *Report) error {
	w.timeline.add("all parts are well")
	around, still := context.WithCancel(ctx)
	var watchers, writers sync.WaitGroup
	defer watchers.Wait()
	defer still()
	watchers.Go(func() { w.logs.follow(around, w.dir) })
	watchers.Go(func() { w.watchPhones(around, r) })

	playing, stop := context.WithCancel(ctx)
	defer writers.Wait()
	defer stop()
	k := w.newWorkload()
	start := func(f func() error) {
		writers.Go(func() {
			if err := f(); err != nil && ctx.Err() == nil {
				w.fail(err)
			}
		})
	}
	start(func() error { return k.play(ctx, playing) })
	for slot := range w.pace.slots {
		start(func() error { return w.suffer(ctx, playing, r, slot) })
	}
	end := time.Now().Add(w.opts.For)
	for time.Now().Before(end) && ctx.Err() == nil {
		if err := w.weather(ctx, k, report); err != nil {
			w.fail(err)
		}
	}
	w.timeline.add("the end")
	stop()
	writers.Wait()
	report.Events = k.told.writes
	if ctx.Err() != nil {
		return context.Cause(ctx)
	}
	return w.verdict(ctx, report)
}

// weather is one epoch: a storm, and a calm in which all comes right.
func (w *world) weather(ctx context.Context, k *workload, report *Report) error {
	epoch := w.epoch.Add(1)
	begun := time.Now()
	var faults sync.WaitGroup
	for _, f := range storm(w.opts.Seed, epoch, w.pace) {
		pause(ctx, time.Until(begun.Add(f.At)))
		if ctx.Err() != nil {
			break
		}
		report.Faults[f.Kind]++
		lock := w.lock(lockOf(f))
		faults.Go(func() {
			lock.Lock()
			defer lock.Unlock()
			ctx, cancel := context.WithTimeout(ctx, w.pace.limit)
			defer cancel()
			w.timeline.add("%s", f)
			if err := w.take(ctx, f); err != nil && ctx.Err() == nil {
				w.fail(fmt.Errorf("%s: %w", f, err))
			} else if err != nil {
				w.fail(fmt.Errorf("%s: not over after %s: %w", f, w.pace.limit, err))
			}
			w.timeline.add("  over: %s", f)
		})
	}
	faults.Wait()
	if ctx.Err() != nil {
		return context.Cause(ctx)
	}
	calm := time.Now()
	wellBy, cancel := context.WithTimeout(ctx, w.pace.limit)
	defer cancel()
	if err := w.well(wellBy); err != nil {
		return err
	}
	settled, err := w.judgeCounters(ctx, calm)
	if err != nil {
		return err
	}
	select {
	case k.settled <- settled:
	default: // it has not taken the last ones yet
	}
	if err := w.secretsStay(ctx); err != nil {
		return err
	}
	w.timeline.add("calm: %d label sets are settled", len(settled))
	pause(ctx, time.Until(calm.Add(w.pace.calm)))
	return nil
}

// verdict judges what came of it all, once nothing is written any more.
func (w *world) verdict(ctx context.Context, report *Report) error {
	settled, err := w.judgeCounters(ctx, time.Now())
	if err != nil {
		return err
	}
	w.timeline.add("%d label sets are settled", len(settled))
	if err := w.scraped(ctx); err != nil {
		return err
	}
	var errs []error
	report.Beyond, err = w.judgeSamples(ctx)
	errs = append(errs, err, w.judgeLogs(ctx), w.secretsStay(ctx))
	report.Growth, err = w.steady(ctx)
	return errors.Join(append(errs, err)...)
}

// Copy puts kubebark's programs into a run's directory, so that another build
// changes nothing under it, and returns where they are.
func Copy(bin, dir string) (string, error) {
	to := filepath.Join(dir, "bin")
	if err := os.MkdirAll(to, 0o700); err != nil {
		return "", fmt.Errorf("copy programs: %w", err)
	}
	for _, name := range []string{"kube-event-exporter", "alertmanager-bark"} {
		program, err := os.ReadFile(filepath.Join(bin, name))
		if err != nil {
			return "", fmt.Errorf("copy programs: %w", err)
		}
		if err := os.WriteFile(filepath.Join(to, name), program, 0o700); err != nil { //nolint:gosec // it is to be run
			return "", fmt.Errorf("copy programs: %w", err)
		}
		if err := clock.Patch(filepath.Join(to, name)); err != nil && !errors.Is(err, clock.ErrUnsupported) {
			return "", err
		}
	}
	return filepath.Abs(to)
}

// Keep makes a directory for a run's files.
func Keep(dir string, seed uint64) (string, error) {
	path := fmt.Sprintf("%s/%d-%s", dir, seed, time.Now().UTC().Format("150405"))
	if err := os.MkdirAll(path, 0o700); err != nil {
		return "", fmt.Errorf("make directory: %w", err)
	}
	return path, nil
}
