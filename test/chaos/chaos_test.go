package chaos

import (
	"flag"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/kubebark/kubebark/internal/leaktest"
	"github.com/kubebark/kubebark/test/clock"
)

func TestMain(m *testing.M) {
	clock.Launch()
	leaktest.Main(m)
}

var (
	length = flag.Duration("for", 0, "how long faults come; 0 is the short form with its own seed")
	seed   = flag.Uint64("seed", 0, "seed of the schedule; 0 is a random one")
	keep   = flag.String("keep", "", "where to leave logs; empty is nowhere")
)

// The short form's.
const (
	shortLength = 8 * time.Second
	shortSeed   = 13
)

// TestChaos lets the real parts go through storms of faults, and holds what
// they count and push against what was written.
func TestChaos(t *testing.T) {
	o := Options{Seed: *seed, For: *length, Dir: t.TempDir()}
	if o.For == 0 {
		o.For, o.Seed = shortLength, shortSeed
	}
	if o.Seed == 0 {
		o.Seed = uint64(rand.Uint32())
	}
	var err error
	if *keep != "" {
		if o.Dir, err = Keep(*keep, o.Seed); err != nil {
			t.Fatal(err)
		}
		log, err := os.Create(filepath.Join(o.Dir, "timeline.log"))
		if err != nil {
			t.Fatal(err)
		}
		defer log.Close()
		o.Tell = func(format string, args ...any) { fmt.Fprintf(log, format+"\n", args...) }
	}
	if o.Bin, err = Copy("../../bin", o.Dir); err != nil {
		t.Fatal(err)
	}
	t.Logf("seed %d, files in %s", o.Seed, o.Dir)
	r, err := Run(t.Context(), o)
	t.Log(r)
	if err != nil {
		t.Fatalf("seed %d: %v\n%s\n%s", o.Seed, err, r.Timeline, r.Tails)
	}
}

// TestScheduleIsTheSeeds: a seed draws the same faults again, and another draws
// others.
func TestScheduleIsTheSeeds(t *testing.T) {
	one := Schedule(1, time.Hour, 20)
	if one != Schedule(1, time.Hour, 20) {
		t.Error("a seed draws something else the second time")
	}
	if one == Schedule(2, time.Hour, 20) {
		t.Error("two seeds draw the same")
	}
}
