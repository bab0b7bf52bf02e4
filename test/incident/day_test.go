package incident

import (
	"flag"
	"os"
	"testing"
	"time"
)

var (
	dayLength = flag.Duration("day", 2*time.Hour, "how long the day is")
	dayEvents = flag.Int("events", 6000, "how many events it has")
	daySpeed  = flag.Float64("day-speed", 720, "how much faster than it was it is replayed")
)

// TestDay replays a day without an incident. make day has all of it.
func TestDay(t *testing.T) {
	am, err := os.ReadFile(shipped)
	if err != nil {
		t.Fatal(err)
	}
	r, err := Day{Seed: 20261125, Length: *dayLength, Events: *dayEvents}.Write(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	rep, err := Replay(t.Context(), r, Options{Speed: *daySpeed, Bin: bin, Alertmanager: string(am)})
	if err != nil {
		t.Fatal(err)
	}
	t.Logf("%d events of which %d Warnings, %d occurrences; %d alerts, which fired %d times; at most %d firing and %d pending at a time, %d folded; %d notifications, %d pushes, %d rings",
		rep.Events, rep.EachEvent, rep.Occurrences, len(rep.Alerts), rep.Fired, rep.MostFiring, rep.MostPending, rep.Folded,
		rep.Notifications, rep.Pushes, rep.Sounds)
	if rep.Occurrences != *dayEvents {
		t.Errorf("%d occurrences, want %d: each write adds one", rep.Occurrences, *dayEvents)
	}
	if rep.Fired == 0 || rep.Fired > rep.EachEvent/4 {
		t.Errorf("alerts fired %d times for %d Warnings", rep.Fired, rep.EachEvent)
	}
	if rep.Folded != 0 {
		t.Errorf("%d occurrences have no alert of their own", rep.Folded)
	}
}
