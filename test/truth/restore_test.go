package truth

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"testing"

	corev1 "k8s.io/api/core/v1"

	"github.com/kubebark/kubebark/test/testbed"
)

// TestRealRestore puts the storage back to a backup, versions included, as etcd's
// snapshots do unless they are told to raise them. Recorders know nothing of it
// and go on: with events that have an older state again, with some that are no
// longer there, and with new ones, all at versions that were given before.
func TestRealRestore(t *testing.T) {
	onEach(t, testbed.Options{}, func(t *testing.T, o testbed.Options) {
		w, cp := realWorld(t, o)
		backup := filepath.Join(t.TempDir(), "backup")
		happens := func(times int, names ...string) {
			t.Helper()
			for range times {
				for _, n := range names {
					h := happening{object{"Pod", "shop", n}, corev1.EventTypeWarning, "BackOff", "m"}
					if err := w.story.frequent.record(h, false); err != nil {
						t.Fatal(err)
					}
				}
			}
		}
		w.tell(t, func(ctx context.Context) {
			happens(3, "old")
			must(t, stopped(ctx, cp, func() error { return cp.Backup(backup) }))
			for n := range 30 { // so that versions are far ahead
				happens(2, "old", "lost", fmt.Sprint("other-", n))
			}
			must(t, testbed.Poll(ctx, "until all is scraped", func(context.Context) (bool, error) {
				return w.ledger.judge(w.scrapers[0].totals(), false, false).OK(), nil
			}))
			must(t, stopped(ctx, cp, func() error { return cp.Restore(backup) }))
			happens(2, "old", "lost", "new")
		})
	})
}

// stopped does something while the API server and its storage are down.
func stopped(ctx context.Context, cp *testbed.ControlPlane, do func() error) error {
	if err := errors.Join(cp.StopAPIServer(), cp.StopEtcd(), do()); err != nil {
		return err
	}
	if err := cp.StartEtcd(ctx); err != nil {
		return err
	}
	return cp.StartAPIServer(ctx)
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}
