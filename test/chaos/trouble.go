package chaos

import (
	"context"
	"fmt"
	"math/rand/v2"
	"time"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/kubebark/kubebark/test/testbed"
)

// heardBy is how long ago all exporters must have been well for a trouble to fall
// quiet: then all have heard of it until its end.
const heardBy = 30 * time.Second

// A trouble is a Warning event about an object of its own that is written again
// and again, until it recovers or falls quiet.
type trouble struct {
	name  string
	begun time.Time

	// Under the register's lock.
	written  time.Time            // when it was last
	strained bool                 // it could not be written, or not be heard of, for too long
	over     time.Time            // zero as long as it lasts
	end      string               // how it ended
	pushes   map[string][]arrival // by person
}

func (t *trouble) String() string {
	s := fmt.Sprintf("trouble %s, begun %s", t.name, t.begun.UTC().Format("15:04:05.000"))
	if !t.over.IsZero() {
		s += fmt.Sprintf(", %s at %s", t.end, t.over.UTC().Format("15:04:05.000"))
	}
	return s
}

// suffer lets one trouble after the other happen until playing is done.
func (w *world) suffer(ctx, playing context.Context, r *register, slot int) error {
	dice := rand.New(rand.NewPCG(w.opts.Seed, uint64(100+slot))) //nolint:gosec // it is to be repeatable
	wr := w.newWriter()
	for n := 1; ; n++ {
		pause(playing, time.Duration(dice.Int64N(int64(w.pace.lasts))))
		lasts := w.pace.lasts + time.Duration(dice.Int64N(2*int64(w.pace.lasts)))
		hush := dice.IntN(3) == 0 && w.pace.hushes
		if over(playing) {
			return nil
		}
		t := &trouble{name: fmt.Sprintf("db%dx%d", slot, n), begun: time.Now(), written: time.Now(), pushes: map[string][]arrival{}}
		r.mu.Lock()
		r.troubles[t.name] = t
		r.mu.Unlock()
		if err := w.endure(ctx, playing, wr, r, t, lasts, hush); err != nil {
			return fmt.Errorf("%s: %w", t, err)
		}
	}
}

// over tells whether a context is done, which is no fault here.
func over(ctx context.Context) bool { return ctx.Err() != nil }

// endure lets a trouble begin, last and end.
func (w *world) endure(ctx, playing context.Context, wr *writer, r *register, t *trouble, lasts time.Duration, hush bool) error {
	component := wr.component("ops")
	e := wr.event(t.name, "Service", corev1.EventTypeWarning, troubleReason, component)
	enough := time.Now().Add(lasts)
	late := time.Now().Add(w.pace.limit)
	for {
		wr.count(e, 1)
		if err := wr.write(ctx, e, 1); err != nil {
			return err
		}
		w.wrote(r, t)
		told := w.told(r, t, true)
		if told && (time.Now().After(enough) || playing.Err() != nil) {
			break
		}
		if !told && time.Now().After(late.Add(lasts)) {
			return fmt.Errorf("not all phones show it after %s", time.Since(t.begun).Round(time.Second))
		}
		pause(ctx, w.pace.repeat)
		if ctx.Err() != nil {
			return context.Cause(ctx)
		}
	}
	// An exporter that hears of the last write much later than the other holds
	// that it lasts longer, and either's word counts.
	hush = hush && playing.Err() == nil && !w.deaf.meet(time.Now().Add(-heardBy), time.Now())
	w.over(r, t, hush)
	if !hush {
		back := wr.event(t.name, "Service", corev1.EventTypeNormal, recoveryReason, component)
		wr.count(back, 1)
		if err := wr.write(ctx, back, 1); err != nil {
			return err
		}
	}
	ctx, cancel := context.WithTimeout(ctx, w.pace.limit+w.pace.quiet)
	defer cancel()
	return testbed.Poll(ctx, "until all phones show its end", func(context.Context) (bool, error) { return w.told(r, t, false), nil })
}

// wrote notes that a trouble was written once more.
func (w *world) wrote(r *register, t *trouble) {
	r.mu.Lock()
	defer r.mu.Unlock()
	now := time.Now()
	t.strained = t.strained || now.Sub(t.written) > w.pace.quiet/3
	t.written = now
}

// over notes that a trouble has ended.
func (w *world) over(r *register, t *trouble, hush bool) {
	r.mu.Lock()
	defer r.mu.Unlock()
	t.over, t.end = time.Now(), "recovered"
	if hush {
		t.end = "quiet"
	}
}

// told tells whether everybody was told of a trouble, or of its end.
func (w *world) told(r *register, t *trouble, firing bool) bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	for _, p := range w.people {
		found := false
		for _, a := range t.pushes[p.name] {
			found = found || a.firing == firing
		}
		if !found {
			return false
		}
	}
	return true
}

// now is a reporter's clock, which may be wrong.
func (w *world) now() metav1.Time {
	return metav1.NewTime(time.Now().Add(time.Duration(w.skew.Load())))
}
