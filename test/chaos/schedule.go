package chaos

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"time"
)

// A fault is something that is done to the world for a while.
type fault struct {
	At   time.Duration // since the beginning of the storm
	Kind string
	On   string
	For  time.Duration
	With int64
}

func (f fault) String() string {
	s := f.Kind
	if f.On != "" {
		s += " " + f.On
	}
	if f.With != 0 {
		s += fmt.Sprintf(" (%d)", f.With)
	}
	return fmt.Sprintf("%s for %s", s, f.For)
}

// A kind is a kind of fault.
type kind struct {
	name string
	on   []string
	// lock names what has one such fault at a time; "" for what it is on.
	lock string
	// rare ones take long, and come only in long runs.
	rare bool
	with int64 // With is drawn from -with to with
}

// The kinds of faults.
const (
	kill       = "SIGKILL"
	terminate  = "SIGTERM"
	freeze     = "SIGSTOP"
	fullDisk   = "full disk"
	cutLine    = "cut line"
	deadLine   = "dead line"
	slowLine   = "slow line"
	closedLine = "closed line"
	compaction = "lost history"
	badBark    = "failing Bark"
	badClock   = "wrong clocks, seconds"
	stepClock  = "stepped clock, milliseconds"
	oldToken   = "expired token"
	hookToken  = "rotated webhook token"
	hookCert   = "rotated certificate of the receiver"
	apiCert    = "rotated certificate of the API server"
	phoneKeys  = "rotated device keys"
)

// kinds are all kinds of faults; one that is there twice comes twice as often.
func kinds() []kind {
	exporters, ams, control := []string{"exporter-a", "exporter-b"}, []string{"alertmanager-1", "alertmanager-2"}, []string{"etcd", "kube-apiserver"}
	apis, amLines := []string{"api-a", "api-b"}, []string{"am-1", "am-2"}
	all := []kind{
		{name: compaction, on: apis, lock: "control"},
		{name: badBark, lock: "bark", with: 4},
		{name: badBark, lock: "bark", with: 4},
		{name: badClock, lock: "clock", with: 7200},
		{name: stepClock, on: append(slices.Clone(exporters), "receiver"), with: 3000},
		{name: stepClock, on: exporters, with: 3000},
		{name: fullDisk, on: append(slices.Clone(exporters), "receiver"), with: 2000},
		{name: fullDisk, on: exporters, with: 2000},
		{name: oldToken, on: exporters, rare: true},
		{name: hookToken, lock: "receiver"},
		{name: hookCert, lock: "receiver"},
		{name: apiCert, lock: "control", rare: true},
		{name: phoneKeys, lock: "receiver"},
	}
	for _, name := range []string{kill, terminate, freeze} {
		all = append(all,
			kind{name: name, on: exporters}, kind{name: name, on: exporters},
			kind{name: name, on: ams, lock: "alertmanagers"}, // their memory of what they told is in the other
			kind{name: name, on: []string{"receiver"}},
			kind{name: name, on: control, lock: "control", rare: true},
			kind{name: name, on: []string{"prometheus"}, lock: "prometheus", rare: true},
		)
	}
	for _, name := range []string{cutLine, deadLine, slowLine, closedLine} {
		all = append(all,
			kind{name: name, on: apis}, kind{name: name, on: amLines},
			kind{name: name, on: []string{"hook"}}, kind{name: name, on: []string{"bark"}, lock: "bark"},
			kind{name: name, on: []string{"scrape-a", "scrape-b"}, lock: "prometheus"},
		)
	}
	return all
}

// storm draws the faults of an epoch.
func storm(seed uint64, epoch int64, p pace) []fault {
	dice := rand.New(rand.NewPCG(seed, uint64(1000+epoch))) //nolint:gosec // it is to be repeatable
	all := kinds()
	if p.short {
		all = slices.DeleteFunc(all, func(k kind) bool { return k.rare })
	}
	draw := func(d time.Duration) time.Duration {
		return time.Duration(dice.Int64N(int64(d))).Round(10 * time.Millisecond)
	}
	var faults []fault
	for at := draw(p.every); at < p.storm; at += draw(2 * p.every) {
		k := all[dice.IntN(len(all))]
		f := fault{At: at, Kind: k.name, For: draw(p.fault)}
		if len(k.on) > 0 {
			f.On = k.on[dice.IntN(len(k.on))]
		}
		if k.with > 0 {
			f.With = dice.Int64N(2*k.with+1) - k.with
		}
		faults = append(faults, f)
	}
	return faults
}

// lockOf names what a fault keeps others from.
func lockOf(f fault) string {
	for _, k := range kinds() {
		if k.name == f.Kind && (len(k.on) == 0 || slices.Contains(k.on, f.On)) && k.lock != "" {
			return k.lock
		}
	}
	return f.On
}

// Schedule tells what a seed draws for so many epochs of a run of a length.
func Schedule(seed uint64, length time.Duration, epochs int64) string {
	var b strings.Builder
	for e := range epochs {
		fmt.Fprintf(&b, "epoch %d\n", e)
		for _, f := range storm(seed, e, paceOf(length)) {
			fmt.Fprintf(&b, "  %6.2fs %s\n", f.At.Seconds(), f)
		}
	}
	return b.String()
}
