package decode

import "github.com/kubebark/kubebark/exporter/eventlog/record"

// logLine yields the occurrences of a line of the event log. They are replayed
// at the time at which they were learned of, which the rules went by.
func logLine(data []byte, line int, yield func(Record, *Fault) bool) bool {
	r, err := record.Parse(data)
	if err != nil {
		return yield(Record{}, &Fault{line, err})
	}
	e := r.Event()
	if !r.Timestamp.IsZero() {
		e.Last = r.Timestamp
	}
	return yield(Record{Event: e, New: max(1, r.Occurrences), Inexact: r.Inexact}, nil)
}
