package replay

import (
	"bytes"
	"context"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/go-kit/log"
	"github.com/google/go-cmp/cmp"

	"github.com/kubebark/kubebark/exporter/decode"
	"github.com/kubebark/kubebark/internal/leaktest"
)

func TestMain(m *testing.M) { leaktest.Main(m) }

func line(name, last string) string {
	return fmt.Sprintf(`{"kind":"Event","metadata":{"name":%q},"count":1,"firstTimestamp":"2026-11-24T09:00:00Z","lastTimestamp":%q}`+"\n", name, "2026-11-24T"+last+"Z")
}

// play returns what was handed on, each as name@seconds since the start, with
// the event's own times in seconds since the start.
func played(t *testing.T, speed float64, in string) []string {
	t.Helper()
	var got []string
	synctest.Test(t, func(t *testing.T) {
		start := time.Now()
		since := func(at time.Time) float64 { return at.Sub(start).Seconds() }
		err := Run(t.Context(), Options{
			Path: "-", Stdin: strings.NewReader(in), Speed: speed, Logger: log.NewNopLogger(),
			Handle: func(r decode.Record) {
				got = append(got, fmt.Sprintf("%s@%g first %g last %g", r.Event.Name, since(time.Now()), since(r.Event.First), since(r.Event.Last)))
			},
		})
		if err != nil {
			t.Error(err)
		}
	})
	return got
}

func TestPace(t *testing.T) {
	in := line("a", "09:00:10") + line("b", "09:00:40") + line("late", "09:00:20") + line("c", "09:01:10")
	for _, tt := range []struct {
		name  string
		speed float64
		in    string
		want  []string
	}{
		{"as recorded", 1, in, []string{"a@0 first -10 last 0", "b@30 first -10 last 30", "late@30 first -10 last 10", "c@60 first -10 last 60"}},
		{"ten times faster", 10, in, []string{"a@0 first -1 last 0", "b@3 first -1 last 3", "late@3 first -1 last 1", "c@6 first -1 last 6"}},
		{"at once", 0, in, []string{"a@0 first 0 last 0", "b@0 first 0 last 0", "late@0 first 0 last 0", "c@0 first 0 last 0"}},
		{"a clock that is hours ahead stops nothing", 1, line("a", "09:00:10") + line("skew", "22:00:00") + line("b", "09:00:20"), []string{"a@0 first -10 last 0", "skew@0 first -10 last 0", "b@10 first -10 last 10"}},
		{"a quiet night", 1, line("a", "09:00:00") + line("b", "22:00:00") + line("c", "22:00:01"), []string{"a@0 first 0 last 0", "b@46800 first 0 last 46800", "c@46801 first 0 last 46801"}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			if d := cmp.Diff(tt.want, played(t, tt.speed, tt.in)); d != "" {
				t.Errorf("(-want +got)\n%s", d)
			}
		})
	}
}

func TestFaultsAreLeftOut(t *testing.T) {
	if got := played(t, 0, line("a", "09:00:10")+"{broken\n"+line("b", "09:00:20")); len(got) != 2 {
		t.Errorf("%q", got)
	}
}

func TestMissingFile(t *testing.T) {
	path := filepath.Join(t.TempDir(), "none.jsonl")
	err := Run(t.Context(), Options{Path: path, Logger: log.NewNopLogger()})
	if !os.IsNotExist(err) && (err == nil || !strings.Contains(err.Error(), path)) {
		t.Errorf("error %v", err)
	}
}

func TestStopsInTheMiddle(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	n := 0
	var logged bytes.Buffer
	err := Run(ctx, Options{
		Path: "-", Stdin: strings.NewReader(line("a", "09:00:00") + line("b", "15:00:00") + line("c", "15:00:00")), Speed: 1, Logger: log.NewLogfmtLogger(&logged),
		Handle: func(decode.Record) { n++; cancel() },
	})
	if err != nil || n != 1 || logged.Len() > 0 {
		t.Errorf("%d events, error %v, logged %s", n, err, &logged)
	}
}
