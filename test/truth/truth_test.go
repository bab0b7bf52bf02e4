package truth

import (
	"flag"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/kubebark/kubebark/test/testbed"
)

var (
	schedules = flag.Int("schedules", 0, "how many random schedules to run; 0 is one of each kind, and one more")
	seed      = flag.Uint64("seed", 0, "seed of the first schedule; 0 is a random one")
	atOnce    = flag.Int("at-once", 4, "how many schedules to run at once")
	only      = flag.Int("kind", -1, "run schedules of this kind alone; -1 is all")
	length    = flag.Duration("duration", 6*time.Second, "how long things happen in each schedule")
)

func binary(t *testing.T) string {
	t.Helper()
	dir, err := filepath.Abs("../../bin")
	if err != nil {
		t.Fatal(err)
	}
	path, err := testbed.Binary(dir, "kube-event-exporter")
	if err != nil {
		t.Fatal(err)
	}
	return path
}

// outcome is what came of a schedule.
type outcome struct {
	schedule *schedule
	report   *report
	err      error
}

// TestSchedules runs the real exporter through schedules of faults. A schedule
// is its seed's: the same seed is the same kind, the same faults and the same
// story, as far as the machine keeps time.
func TestSchedules(t *testing.T) {
	t.Parallel()
	bin, seeds, dir, ports := binary(t), seedsToRun(), t.TempDir(), new(testbed.Ports)
	turns := make(chan struct{}, *atOnce) // they mostly wait, so more than there are processors
	outcomes := make([]chan outcome, len(seeds))
	for i, sd := range seeds {
		outcomes[i] = make(chan outcome, 1)
		go func() {
			turns <- struct{}{}
			defer func() { <-turns }()
			s := newSchedule(sd, kindOf(sd), *length)
			d := filepath.Join(dir, fmt.Sprint(i))
			err := os.Mkdir(d, 0o700)
			var r *report
			if err == nil {
				r, err = run(t.Context(), s, options{Bin: bin, Ports: ports, Dir: d, Length: *length})
			}
			outcomes[i] <- outcome{s, r, err}
		}()
	}
	var all sums
	for i, sd := range seeds {
		o := <-outcomes[i]
		t.Run(fmt.Sprint(sd), func(t *testing.T) { all.add(t, o) })
	}
	t.Logf("%d schedules: %d occurrences, %d lost, %d double; %d beyond what can be known, all within the bound; %d in event logs",
		len(seeds), all.made, all.lost, all.double, all.beyond, all.logged)
}

// sums are what came of all schedules together.
type sums struct{ made, lost, double, beyond, logged int64 }

func (a *sums) add(t *testing.T, o outcome) {
	t.Helper()
	if o.err != nil {
		t.Fatalf("%s\n%v", o.schedule, o.err)
	}
	if v := o.report.Log; !v.OK() {
		t.Errorf("%s\n%s\n%s", o.schedule, v, o.report.Tail)
	} else if v.Made > 0 {
		a.logged += v.Made
	}
	if v := o.report.Alerts; !v.OK() {
		t.Errorf("%s\n%s\n%s", o.schedule, v, o.report.Tail)
	} else if v.Made > 0 {
		t.Logf("%d events of type Warning have their alert in one shard", v.Made)
	}
	for _, v := range o.report.Verdicts {
		a.made += v.Made
		a.lost += v.Lost
		a.double += v.Double
		a.beyond += v.Beyond
		t.Logf("%s: made %d, lost %d, double %d; beyond what can be known %d of %d; %s", o.schedule.Kind.Name,
			v.Made, v.Lost, v.Double, v.Beyond, v.AtRisk, o.report.Notes)
		if !v.OK() {
			t.Errorf("%s\n%s\n%s", o.schedule, v, o.report.Tail)
		}
	}
}

func kindOf(sd uint64) kind {
	ks := kinds()
	if *only >= 0 {
		return ks[*only]
	}
	return ks[sd%uint64(len(ks))]
}

func seedsToRun() []uint64 {
	first := *seed
	if first == 0 {
		first = uint64(rand.Uint32())
	}
	n := *schedules
	if n == 0 { // one of each kind, and a random one
		out := []uint64{first}
		for i := range kinds() {
			out = append(out, uint64(1000*len(kinds())+i))
		}
		return out
	}
	out := make([]uint64, n)
	for i := range out {
		out[i] = first + uint64(i)
	}
	return out
}
