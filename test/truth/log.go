package truth

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/kubebark/kubebark/test/tally"
	"github.com/kubebark/kubebark/test/testbed"
)

// logLimit is how long the last line may take to be in the event log.
const logLimit = 30 * time.Second

// logged waits until the event log has what was made, and judges it.
func (w *world) logged(ctx context.Context) verdict {
	ctx, cancel := context.WithTimeout(ctx, logLimit)
	defer cancel()
	var v verdict
	err := testbed.Poll(ctx, "until the event log has all", func(context.Context) (bool, error) {
		var all []map[tally.Labels]int64
		err := w.each(func(e *exporter) error {
			totals, err := tally.Log(logFile(e.command.Dir))
			all = append(all, totals)
			return err
		})
		if err != nil {
			return false, err
		}
		v = w.ledger.judge(sum(all), w.schedule.Kind.Bound, w.schedule.Kind.Limited)
		return v.OK(), errors.New(v.String())
	})
	if err != nil {
		v.Faults = append([]string{fmt.Sprintf("event log: %v", err)}, v.Faults...)
	}
	return v
}
