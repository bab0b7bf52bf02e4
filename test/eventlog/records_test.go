package eventlog

import (
	"encoding/json"
	"errors"
	"fmt"
	"strconv"
	"strings"

	"github.com/kubebark/kubebark/test/testbed"
)

// got is what of a record the tests look at, as it came out of a store.
type got struct {
	id          string
	uid         string // of the event
	count       int64  // the event's, after the change
	occurrences int64
	body        string
}

// otlpJSON reads records of OTLP's JSON.
func otlpJSON(b []byte) ([]got, error) {
	var req struct {
		ResourceLogs []struct {
			ScopeLogs []struct {
				LogRecords []struct {
					TimeUnixNano string `json:"timeUnixNano"`
					SeverityText string `json:"severityText"`
					Body         value  `json:"body"`
					Attributes   []struct {
						Key   string `json:"key"`
						Value value  `json:"value"`
					} `json:"attributes"`
				} `json:"logRecords"`
			} `json:"scopeLogs"`
		} `json:"resourceLogs"`
	}
	if err := json.Unmarshal(b, &req); err != nil {
		return nil, fmt.Errorf("%w in %.200q", err, b)
	}
	var all []got
	for _, r := range req.ResourceLogs {
		for _, s := range r.ScopeLogs {
			for _, l := range s.LogRecords {
				attrs := make(map[string]value)
				for _, a := range l.Attributes {
					attrs[a.Key] = a.Value
				}
				if l.SeverityText != "WARN" || l.TimeUnixNano == "" {
					return nil, fmt.Errorf("a record without severity or time: %+v", l)
				}
				all = append(all, got{
					id: attrs["event.id"].String, uid: attrs["k8s.event.uid"].String,
					count: attrs["k8s.event.count"].number(), occurrences: attrs["occurrences"].number(), body: l.Body.String,
				})
			}
		}
	}
	return all, nil
}

// value is a value as OTLP's JSON has it; a file's numbers are doubles to some
// collectors.
type value struct {
	String string   `json:"stringValue"`
	Int    string   `json:"intValue"`
	Double *float64 `json:"doubleValue"`
}

func (v value) number() int64 {
	if v.Double != nil {
		return int64(*v.Double)
	}
	n, _ := strconv.ParseInt(v.Int, 10, 64) // 0 is none of ours
	return n
}

// tally is what comparing records with the truth comes to.
type tally struct{ records, repeats, occurrences int }

// compare holds records against what happened: for each event they must stand
// for each of its occurrences. Some may be there twice; then either the event.id
// says so or k8s.event.count does.
func (w *world) compare(records []got) (tally, error) {
	var sum tally
	ids := make(map[string]got)
	covered := make(map[string]map[int64]int)
	for _, r := range records {
		sum.records++
		if before, ok := ids[r.id]; ok {
			if before.uid != r.uid || before.count != r.count {
				return sum, fmt.Errorf("%+v and %+v have one event.id", before, r)
			}
			sum.repeats++
			continue
		}
		ids[r.id] = r
		if covered[r.uid] == nil {
			covered[r.uid] = make(map[int64]int)
		}
		for n := r.count - r.occurrences + 1; n <= r.count; n++ {
			covered[r.uid][n]++
		}
	}
	var missing []string
	for _, e := range w.live {
		sum.occurrences += int(e.Count)
		for n := int64(1); n <= int64(e.Count); n++ {
			if covered[string(e.UID)][n] == 0 {
				missing = append(missing, fmt.Sprintf("%s:%d", e.UID, n))
			}
		}
	}
	if len(missing) > 0 {
		return sum, fmt.Errorf("of %d occurrences %d are missing: %s …", sum.occurrences, len(missing), strings.Join(missing[:min(5, len(missing))], " "))
	}
	return sum, nil
}

// readsBack waits until the store has all, and says how it has it.
func (w *world) readsBack(read func() ([]got, error)) tally {
	w.t.Helper()
	var sum tally
	w.eventually("all is in the store", func() (bool, error) {
		records, err := read()
		if err == nil {
			sum, err = w.compare(records)
		}
		return err == nil, err
	})
	w.t.Logf("%d occurrences are in %d records, of which %d are repeats with an event.id that is there", sum.occurrences, sum.records, sum.repeats)
	return sum
}

func (w *world) get(path string) (int, string, error) { return testbed.Get(w.ctx, w.url+path) }

// metric returns the value of a series as /metrics has it.
func (w *world) metric(series string) (float64, error) {
	_, body, err := w.get("/metrics")
	if err != nil {
		return 0, err
	}
	for line := range strings.Lines(body) {
		if v, ok := strings.CutPrefix(strings.TrimSpace(line), series+" "); ok {
			return strconv.ParseFloat(v, 64)
		}
	}
	return 0, errors.New("no series " + series)
}
