package truth

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"time"
)

// kind is a kind of schedule.
type kind struct {
	Name string
	// State has the exporter keep a state file, and is ended and killed.
	State bool
	// Lists allows faults after which only a new list helps.
	Lists bool
	// Bound lets objects go uncounted, within a bound.
	Bound bool
	// Config is added to the section metrics of the configuration.
	Config string
	// Pair adds a second Prometheus.
	Pair bool
	// Moves has the exporter begin anew as another pod, with the state of the
	// one before.
	Moves bool
	// Flags are further ones of the exporter.
	Flags []string
	// Limited says that label sets share series.
	Limited bool
	// Disk lets the disk with the state file fail.
	Disk bool
	// Shards is how many exporters divide the cluster, where it is not one.
	Shards int
	// Divided has the API server leave out what is not a shard's.
	Divided bool
	// Late has the API server say of a list in pages a later version than its
	// first page is of, as one with kine does.
	Late bool
}

// kinds are all kinds of schedules, each of which comes in turn.
func kinds() []kind {
	return []kind{
		{Name: "state", State: true, Lists: true},
		{Name: "streams"},
		{Name: "state, series that go and come back", State: true, Lists: true, Config: "series_ttl: 1s"},
		{Name: "no state", Lists: true},
		{Name: "state, two Prometheus", State: true, Lists: true, Config: "new_series_delay: 2s", Pair: true},
		{Name: "gaps", State: true, Lists: true, Bound: true},
		{Name: "state, moved from pod to pod", State: true, Lists: true, Moves: true},
		{Name: "state, a watch for each namespace", State: true, Lists: true, Flags: []string{"--namespaces=default,shop,zoo,zz-last"}},
		{Name: "state, too many series", State: true, Lists: true, Config: "series_limit: 9", Limited: true},
		{Name: "state, a disk that fails", State: true, Lists: true, Disk: true},
		{Name: "state, shards", State: true, Lists: true, Shards: 3},
		{Name: "state, shards that the API server divides", State: true, Lists: true, Shards: 3, Divided: true},
		{Name: "state, lists that say a later version than they are of", State: true, Lists: true, Late: true},
	}
}

// step is one fault.
type step struct {
	At   time.Duration // since the beginning
	Do   string
	For  time.Duration // how long it lasts; 0 for what is over at once
	With int
}

func (s step) String() string {
	text := fmt.Sprintf("%6.2fs %s", s.At.Seconds(), s.Do)
	if s.With != 0 {
		text += fmt.Sprintf(" %d", s.With)
	}
	if s.For != 0 {
		text += fmt.Sprintf(" for %s", s.For)
	}
	return text
}

// schedule is what a seed makes.
type schedule struct {
	Seed  uint64
	Kind  kind
	Steps []step
}

func (s *schedule) String() string {
	var b strings.Builder
	fmt.Fprintf(&b, "seed %d, kind %q", s.Seed, s.Kind.Name)
	for _, st := range s.Steps {
		fmt.Fprintf(&b, "\n  %s", st)
	}
	return b.String()
}

// The faults.
const (
	cutStreams  = "cut connections after bytes:"
	endStreams  = "end streams"
	gone        = "410 in streams"
	lostPrev    = "500 PrevKv=nil in streams"
	forget      = "compact"
	compact     = "refuse connections and compact"
	refuse      = "refuse connections"
	freeze      = "freeze"
	slow        = "slow to bytes a second:"
	throttle    = "answer 429, times:"
	fail        = "answer 500, times:"
	terminate   = "SIGTERM, down"
	kill        = "SIGKILL, down"
	slowScrape  = "slow scrape"
	moveAfter   = "SIGTERM, then another pod after"
	moveCrashed = "SIGKILL, then another pod after"
	killAndCut  = "SIGKILL while frozen, down"
	manyStreams = "cut connections again and again, times:"
	fullDisk    = "disk full, bytes left:"
	noDisk      = "disk refuses all writes"
)

// newSchedule makes the schedule of a seed: faults at random times, often one
// while the last goes on, from begin to end.
func newSchedule(seed uint64, k kind, length time.Duration) *schedule {
	r := rand.New(rand.NewPCG(seed, 1)) //nolint:gosec // it is to be repeatable
	s := &schedule{Seed: seed, Kind: k}
	all := []string{cutStreams, cutStreams, endStreams, refuse, freeze, slow, throttle, fail, slowScrape, manyStreams}
	if k.Lists {
		all = append(all, gone, lostPrev, compact, compact, forget)
	}
	switch {
	case k.Moves:
		all = append(all, moveAfter, moveAfter, moveCrashed, moveCrashed)
	case k.State:
		all = append(all, kill, kill, kill, terminate, terminate, killAndCut)
	}
	if k.Disk {
		all = append(all, fullDisk, fullDisk, fullDisk, noDisk, noDisk)
	}
	spacing := 800*time.Millisecond + upTo(r, 3*time.Second) // some are a storm, some leave time to breathe
	for at := upTo(r, spacing); at < length; at += time.Duration(r.Int64N(int64(spacing))) {
		st := step{At: at.Round(10 * time.Millisecond), Do: all[r.IntN(len(all))]}
		switch st.Do {
		case cutStreams:
			st.With = r.IntN(3000)
		case slow:
			st.With, st.For = 2000+r.IntN(60_000), upTo(r, 2*time.Second)
		case throttle, fail, manyStreams:
			st.With = 1 + r.IntN(4)
		case compact, refuse, freeze, kill, terminate, killAndCut, moveAfter, moveCrashed, slowScrape:
			st.For = upTo(r, 1500*time.Millisecond)
			if k.Shards > 1 && slices.Contains([]string{kill, terminate, killAndCut}, st.Do) {
				st.With = r.IntN(k.Shards)
			}
		case fullDisk:
			st.With, st.For = r.IntN(3000), upTo(r, 5*time.Second) // some pass between two writes
		case noDisk:
			st.For = upTo(r, 5*time.Second)
		}
		s.Steps = append(s.Steps, st)
	}
	slices.SortStableFunc(s.Steps, func(a, b step) int { return int(a.At - b.At) })
	return s
}

func upTo(r *rand.Rand, d time.Duration) time.Duration {
	return time.Duration(r.Int64N(int64(d))).Round(10 * time.Millisecond)
}
