package chaos

import (
	"fmt"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/kubebark/kubebark/test/tally"
)

// A ledger is the truth: how many occurrences were written of each label set.
type ledger struct {
	mu   sync.Mutex
	rows map[tally.Labels]*row
}

type row struct {
	made int64
	// risk is what cannot be known: a reporter whose clock is behind begins an
	// object that was not seen before it told of more than one.
	risk  int64
	under int       // writes under way
	last  time.Time // end of the last write
}

func newLedger() *ledger { return &ledger{rows: map[tally.Labels]*row{}} }

// begin notes occurrences that are about to be written, of which so many cannot
// be known; end is to be called when they are.
func (l *ledger) begin(ls tally.Labels, n, risk int64) (end func()) {
	l.mu.Lock()
	defer l.mu.Unlock()
	r := l.rows[ls]
	if r == nil {
		r = new(row)
		l.rows[ls] = r
	}
	r.made += n
	r.risk += risk
	r.under++
	return func() {
		l.mu.Lock()
		defer l.mu.Unlock()
		r.under--
		r.last = time.Now()
	}
}

// made returns how many occurrences there were.
func (l *ledger) made() (sets int, sum int64) {
	l.mu.Lock()
	defer l.mu.Unlock()
	for _, r := range l.rows {
		sum += r.made
	}
	return len(l.rows), sum
}

// A judgement is what was counted beside what was written.
type judgement struct {
	settled map[tally.Labels]bool // label sets of which all is counted
	beyond  int64                 // occurrences that are missing and could not be known
	double  []string              // more than was written
	lacking []string              // less, though nothing was written since
}

func (j *judgement) err(who string) error {
	if all := slices.Concat(j.double, j.lacking); len(all) > 0 {
		slices.Sort(all)
		return fmt.Errorf("%s:\n  %s", who, strings.Join(all, "\n  "))
	}
	return nil
}

// judge compares what was counted. All must be there of what was not written
// since.
func (l *ledger) judge(counted map[tally.Labels]int64, since time.Time) *judgement {
	l.mu.Lock()
	defer l.mu.Unlock()
	j := &judgement{settled: map[tally.Labels]bool{}}
	for ls, n := range counted {
		r := l.rows[ls]
		switch {
		case r == nil && n > 0:
			j.double = append(j.double, fmt.Sprintf("%s: %d were counted, none was written", ls, n))
		case r != nil && n > r.made:
			j.double = append(j.double, fmt.Sprintf("%s: %d were counted, %d were written", ls, n, r.made))
		}
	}
	for ls, r := range l.rows {
		if r.under > 0 || r.last.After(since) {
			continue
		}
		switch n := counted[ls]; {
		case n == r.made:
			j.settled[ls] = true
		case n < r.made && n+r.risk >= r.made:
			j.beyond += r.made - n
		case n < r.made:
			j.lacking = append(j.lacking, fmt.Sprintf("%s: %d were counted, %d were written (%d beyond what can be known)", ls, n, r.made, r.risk))
		}
	}
	return j
}
