package lifecycle

import (
	"context"
	"errors"
	"strings"
	"testing"
	"testing/synctest"

	"github.com/kubebark/kubebark/internal/leaktest"
)

func TestMain(m *testing.M) { leaktest.Main(m) }

func waiting(name string, order *[]string) func(context.Context) error {
	return func(ctx context.Context) error {
		<-ctx.Done()
		*order = append(*order, name)
		return ctx.Err()
	}
}

func TestStopsInReverseOrder(t *testing.T) {
	var order []string
	var g Group
	for _, n := range []string{"http", "notify", "watch"} {
		g.Add(n, waiting(n, &order))
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if err := g.Run(ctx); err != nil {
		t.Fatalf("Run: %v", err)
	}
	if got := strings.Join(order, " "); got != "watch notify http" {
		t.Errorf("stopped in order %q", got)
	}
}

func TestFirstFailureStopsTheRest(t *testing.T) {
	var order []string
	var g Group
	g.Add("http", waiting("http", &order))
	boom := errors.New("boom")
	g.Add("watch", func(context.Context) error { return boom })
	err := g.Run(t.Context())
	if !errors.Is(err, boom) || err.Error() != "watch: boom" {
		t.Errorf("Run: %v", err)
	}
	if len(order) != 1 {
		t.Errorf("http was not stopped")
	}
}

func TestStuckPartIsNamed(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		release := make(chan struct{})
		var g Group
		g.Add("stuck", func(context.Context) error { <-release; return nil })
		ctx, cancel := context.WithCancel(t.Context())
		cancel()
		err := g.Run(ctx)
		if err == nil || err.Error() != "stuck: did not stop within 10s" {
			t.Errorf("Run: %v", err)
		}
		close(release)
	})
}
