package stage

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/prometheus/common/model"

	"github.com/kubebark/kubebark/test/testbed"
)

// Settle waits until all has happened, and returns the moment of the demo's
// latest scrape and how long before it the stage was set.
func (s *Stage) Settle(ctx context.Context) (at time.Time, since time.Duration, err error) {
	total := 0
	for _, n := range s.Occurrences() {
		total += n
	}
	for _, want := range append(settled(), fmt.Sprintf(`sum(kube_event_occurrences_total{cluster="demo"}) == %d`, total)) {
		if err := s.await(ctx, want); err != nil {
			return at, since, err
		}
	}
	v, err := s.vector(ctx, `timestamp(kube_event_exporter_build_info{cluster="demo"})`)
	if err != nil || len(v) != 1 {
		return at, since, errors.Join(err, fmt.Errorf("%d scrapes of the demo", len(v)))
	}
	at = time.UnixMilli(int64(float64(v[0].Value)*1000 + 0.5))
	return at, at.Sub(s.began), nil
}

// await waits until an expression yields something.
func (s *Stage) await(ctx context.Context, expr string) error {
	return testbed.Poll(ctx, "until "+expr, func(ctx context.Context) (bool, error) {
		v, err := s.vector(ctx, expr)
		return len(v) > 0, err
	})
}

func (s *Stage) vector(ctx context.Context, expr string) (model.Vector, error) {
	v, _, _, err := s.API.Query(ctx, expr, time.Now())
	if err != nil {
		return nil, err
	}
	vector, ok := v.(model.Vector)
	if !ok {
		return nil, fmt.Errorf("%q yields a %s", expr, v.Type())
	}
	return vector, nil
}
