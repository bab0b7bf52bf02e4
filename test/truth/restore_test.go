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

// putBack puts the storage back to a backup, versions included, as etcd's
// snapshots do unless they are told to raise them. Recorders know nothing of it
// and go on: with events that have an older state again, with some that are no
// longer there, and with new ones, all at versions that were given before.
func (w *world) putBack(ctx context.Context, t *testing.T, cp *testbed.ControlPlane) {
	t.Helper()
	must := func(err error) {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
	}
	happens := func(times int, names ...string) {
		t.Helper()
		for range times {
			for _, n := range names {
				must(w.story.frequent.record(happening{object{"Pod", "shop", n}, corev1.EventTypeWarning, "BackOff", "m"}, false))
			}
		}
	}
	backup := filepath.Join(t.TempDir(), "backup")
	happens(3, "old")
	must(errors.Join(cp.StopEtcd(), cp.Backup(backup), cp.StartEtcd(ctx)))
	for n := range 30 { // so that versions are far ahead
		happens(2, "old", "lost", fmt.Sprint("other-", n))
	}
	must(testbed.Poll(ctx, "until all is scraped", func(context.Context) (bool, error) {
		return w.ledger.judge(w.scrapers[0].totals(), false, false).OK(), nil
	}))
	must(errors.Join(cp.StopAPIServer(), cp.StopEtcd(), cp.Restore(backup)))
	must(cp.StartEtcd(ctx))
	must(cp.StartAPIServer(ctx))
	happens(2, "old", "lost", "new")
	t.Log("the storage put back to a backup")
}
