package replay

import (
	"strings"
	"testing"
	"testing/synctest"

	"github.com/go-kit/log"

	"github.com/kubebark/kubebark/exporter/decode"
)

// FuzzReplay: a recording of anything comes to its end, at any speed.
func FuzzReplay(f *testing.F) {
	f.Add(line("a", "09:00:00")+line("b", "09:30:00"), 1.0)
	f.Add(line("a", "09:00:00")+"garbage\n"+line("b", "08:00:00"), 10.0)
	f.Add(`{"kind":"Event","count":2147483647,"firstTimestamp":"0001-01-01T00:00:00Z","lastTimestamp":"9999-12-31T23:59:59Z"}`, 0.0)
	f.Add("kind: List\nitems: [&a [*a]]\n", 1e300)
	f.Fuzz(func(t *testing.T, text string, speed float64) {
		if !(speed >= 0) {
			return // refused
		}
		synctest.Test(t, func(t *testing.T) {
			err := Run(t.Context(), Options{
				Path: "-", Stdin: strings.NewReader(text), Speed: speed, Logger: log.NewNopLogger(),
				Handle: func(r decode.Record) {
					if r.Event.Count < 1 {
						t.Errorf("count %d", r.Event.Count)
					}
				},
			})
			if err != nil && !strings.Contains(err.Error(), "replay") {
				t.Error(err)
			}
		})
	})
}
