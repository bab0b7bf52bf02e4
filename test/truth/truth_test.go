package truth

import (
	"flag"
	"fmt"
	"math/rand/v2"
	"path/filepath"
	"sync/atomic"
	"testing"
	"time"

	"github.com/kubebark/kubebark/test/testbed"
)

var (
	schedules = flag.Int("schedules", 0, "how many random schedules to run; 0 is one of each kind, and one more")
	seed      = flag.Uint64("seed", 0, "seed of the first schedule; 0 is a random one")
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

// TestSchedules runs the real exporter through schedules of faults. A schedule
// is its seed's: the same seed is the same kind, the same faults and the same
// story, as far as the machine keeps time.
func TestSchedules(t *testing.T) {
	bin := binary(t)
	seeds := seedsToRun()
	var lost, double, made, unbound atomic.Int64
	t.Run("seed", func(t *testing.T) {
		for _, sd := range seeds {
			t.Run(fmt.Sprint(sd), func(t *testing.T) {
				t.Parallel()
				ks := kinds()
				k := ks[sd%uint64(len(ks))]
				if *only >= 0 {
					k = ks[*only]
				}
				s := newSchedule(sd, k, *length)
				r, err := run(t.Context(), s, options{Bin: bin, Dir: t.TempDir(), Length: *length})
				if err != nil {
					t.Fatalf("%s\n%v", s, err)
				}
				for _, v := range r.Verdicts {
					made.Add(v.Made)
					double.Add(v.Double)
					if s.Kind.Bound {
						unbound.Add(v.Lost)
					} else {
						lost.Add(v.Lost)
					}
					t.Logf("seed %d, %s: made %d, lost %d of %d at risk, double %d; %s", sd, s.Kind.Name, v.Made, v.Lost, v.AtRisk, v.Double, r.Notes)
					if !v.OK() {
						t.Errorf("%s\n%s\n%s", s, v, r.Tail)
					}
				}
			})
		}
	})
	t.Logf("%d schedules: %d occurrences, %d lost, %d double; %d beyond what the API can tell, all within the bound",
		len(seeds), made.Load(), lost.Load(), double.Load(), unbound.Load())
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
