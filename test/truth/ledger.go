package truth

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
	"sync"

	"github.com/kubebark/kubebark/test/tally"
)

// ledger is the truth: how many occurrences were made of each label set.
type ledger struct {
	mu   sync.Mutex
	open bool // what was made before is history
	rows map[tally.Labels]*row
	// failing tells that scrapes may show what is not on the disk.
	failing bool
	// early are label sets of which more was scraped than made, as first seen.
	early []string
}

type row struct {
	made   int64
	atRisk int64 // of objects that went before it was known that they were counted
	// known is what was made when all of it had been scraped, and was on the
	// disk where there is one.
	known int64
	// shown tells that a value was scraped which was on the disk: the series
	// outlives the exporter.
	shown bool
	// doubtful is what may have been scraped twice: a series that is not on the
	// disk goes with its exporter, and begins at 0 with the next.
	doubtful int64
}

func newLedger() *ledger { return &ledger{rows: make(map[tally.Labels]*row)} }

// begin ends the time before the exporter, whose occurrences are not counted.
func (l *ledger) begin() {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.open = true
}

func (l *ledger) row(ls tally.Labels) *row {
	r := l.rows[ls]
	if r == nil {
		r = new(row)
		l.rows[ls] = r
	}
	return r
}

// made notes an occurrence that is about to be.
func (l *ledger) made(ls tally.Labels) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.open {
		l.row(ls).made++
	}
}

// total returns how many occurrences were made of a label set.
func (l *ledger) total(ls tally.Labels) int64 {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.row(ls).made
}

// risk notes that n occurrences may have gone uncounted.
func (l *ledger) risk(ls tally.Labels, n int64) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.row(ls).atRisk += n
}

// known returns of how many occurrences it is known that all of them were
// scraped.
func (l *ledger) known(ls tally.Labels) int64 {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.row(ls).known
}

// fail tells that from now on scrapes may show what is not on the disk.
func (l *ledger) fail() {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.failing = true
}

// heal tells that all that is shown is on the disk again.
func (l *ledger) heal() {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.failing = false
}

// ended tells that the exporter has ended.
func (l *ledger) ended() {
	l.mu.Lock()
	defer l.mu.Unlock()
	if !l.failing {
		return
	}
	for _, r := range l.rows {
		if !r.shown {
			r.doubtful += r.made
		}
	}
}

// scraped takes what has been scraped so far. More than was made is double, at
// whatever time.
func (l *ledger) scraped(totals map[tally.Labels]int64) {
	l.mu.Lock()
	defer l.mu.Unlock()
	for ls, r := range l.rows {
		if l.failing {
			break
		}
		r.shown = r.shown || totals[ls] > 0
		if totals[ls] == r.made {
			r.known = r.made
		}
	}
	for ls, n := range totals {
		if made := l.row(ls).made; n > made+l.row(ls).doubtful && len(l.early) < 10 && ls.Reason != otherReason {
			l.early = append(l.early, fmt.Sprintf("%s: %d were scraped when %d had been made", ls, n, made))
		}
	}
}

// verdict is how far what was scraped is from the truth.
type verdict struct {
	Made, Lost, Double int64
	// Beyond is what was lost or double beyond what can be known, within the
	// bound, and AtRisk the bound.
	Beyond, AtRisk int64
	Faults         []string
}

// OK tells that there is nothing to find fault with.
func (v verdict) OK() bool { return len(v.Faults) == 0 }

func (v verdict) String() string { return strings.Join(v.Faults, "\n") }

// judge compares what was scraped with the truth. With bound, what was at risk
// may be missing. Where series are limited only types can be compared.
func (l *ledger) judge(totals map[tally.Labels]int64, bound, limited bool) verdict {
	l.mu.Lock()
	defer l.mu.Unlock()
	rows := make(map[tally.Labels]row, len(l.rows))
	for ls, r := range l.rows {
		rows[ls] = *r
	}
	if limited {
		rows, totals = byType(rows, totals)
	}
	for ls := range totals {
		if _, ok := rows[ls]; !ok {
			rows[ls] = row{}
		}
	}
	v := verdict{Faults: slices.Clone(l.early)}
	for ls, r := range rows {
		got := totals[ls]
		v.Made += r.made
		v.AtRisk += r.doubtful
		if bound {
			v.AtRisk += r.atRisk
		}
		lost, double := max(0, r.made-got), max(0, got-r.made)
		if bound && lost <= r.atRisk && double == 0 || lost == 0 && double <= r.doubtful {
			v.Beyond += lost + double
			continue
		}
		v.Lost += lost
		v.Double += double
		if lost > 0 || double > 0 {
			v.Faults = append(v.Faults, fmt.Sprintf("%s: made %d, scraped %d: %d lost, %d double (%d at risk, %d doubtful)", ls, r.made, got, lost, double, r.atRisk, r.doubtful))
		}
	}
	slices.SortFunc(v.Faults, cmp.Compare[string])
	return v
}

func byType(rows map[tally.Labels]row, totals map[tally.Labels]int64) (map[tally.Labels]row, map[tally.Labels]int64) {
	outRows, outTotals := make(map[tally.Labels]row), make(map[tally.Labels]int64)
	for ls, r := range rows {
		k := tally.Labels{Type: ls.Type}
		o := outRows[k]
		o.made, o.atRisk, o.doubtful = o.made+r.made, o.atRisk+r.atRisk, o.doubtful+r.doubtful
		outRows[k] = o
	}
	for ls, n := range totals {
		outTotals[tally.Labels{Type: ls.Type}] += n
	}
	return outRows, outTotals
}
