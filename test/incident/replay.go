package incident

import (
	"context"
	"errors"
	"fmt"
	"regexp"
	"time"

	"github.com/kubebark/kubebark/test/testbed"
)

// Replay replays a recording and waits until all that it raised is over and
// told.
func Replay(ctx context.Context, r *Recording, o Options) (rep *Report, err error) {
	s, err := open(ctx, o)
	if err != nil {
		return nil, fmt.Errorf("replay %s: %w", r.File, err)
	}
	defer func() { err = errors.Join(err, s.close()) }()
	p, url, err := s.start(ctx, "kube-event-exporter", "--config.file=exporter.yml",
		"--replay.file="+r.File, fmt.Sprintf("--replay.speed=%g", o.Speed))
	if err != nil {
		return nil, fmt.Errorf("replay %s: %w", r.File, err)
	}
	var most Report // of what is pending and fires at a time
	if err := testbed.Poll(ctx, "until the recording is at its end", func(ctx context.Context) (bool, error) {
		_, m, err := testbed.Get(ctx, url+"/metrics")
		now := new(Report)
		now.measure(m)
		most.firing, most.pending = max(most.firing, now.firing), max(most.pending, now.pending)
		return endLine.MatchString(p.Logs()), err
	}); err != nil {
		return nil, fmt.Errorf("replay %s: %w", r.File, err)
	}
	ended, err := loggedAt(p.Logs())
	if err != nil {
		return nil, fmt.Errorf("replay %s: %w", r.File, err)
	}
	v := &view{
		recording: r, speed: o.Speed,
		began: ended.Add(-time.Duration(float64(r.Last.Sub(r.First)) / o.Speed)),
	}
	err = testbed.Poll(ctx, "until all alerts are over and told", func(ctx context.Context) (bool, error) {
		if !p.Running() {
			return false, errors.New("the exporter has ended: " + p.Tail(20))
		}
		if rep, err = v.report(s.posted.messages(), s.notified.messages()); err != nil {
			return false, err
		}
		_, m, err := testbed.Get(ctx, url+"/metrics")
		rep.measure(m)
		return err == nil && rep.firing+rep.pending == 0 && len(rep.open) == 0,
			fmt.Errorf("%g fire, %g are pending, not said to be over: %q", rep.firing, rep.pending, rep.open)
	})
	if err != nil {
		return nil, fmt.Errorf("replay %s: %w", r.File, err)
	}
	rep.phone(s.device.State())
	rep.MostFiring, rep.MostPending = int(most.firing), int(most.pending)
	return rep, nil
}

// atEnd is what the exporter logs when it has replayed the last event.
const atEnd = "the recording is at its end"

var endLine = regexp.MustCompile(`(?m)^.*\btime=(\S+) .*` + atEnd)

func loggedAt(log string) (time.Time, error) {
	m := endLine.FindStringSubmatch(log)
	if m == nil {
		return time.Time{}, errors.New("the log does not tell when the recording was at its end")
	}
	return time.Parse(time.RFC3339Nano, m[1])
}
