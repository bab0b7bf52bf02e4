package exporter

import (
	"context"
	"path/filepath"
	"strings"
	"testing"

	"github.com/kubebark/kubebark/exporter/watch"
)

// TestShownAfterTheEnd: the web outlives the keeper, while alerts drain. What is
// shown then, the pod that comes next must know to have been shown.
func TestShownAfterTheEnd(t *testing.T) {
	path := filepath.Join(t.TempDir(), "state")
	l := begin(t, path, owner("pod1")).list("old=1=3").
		see(watch.Added, "a=2=1").flush().shows("first sample", 0).shows("delay over", 0).
		see(watch.Modified, "a=3=5")
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if err := l.keeper.Run(ctx); err != nil {
		t.Fatal(err)
	}
	l.shows("what the keeper has written last", 5)
	if text := l.log.String(); strings.Contains(text, "level=error") {
		t.Error(text)
	}
	begin(t, path, owner("pod2")).list("old=1=3", "a=3=5").flush().
		shows("all was shown by the other", -1).
		see(watch.Modified, "a=4=6").flush().shows("first sample", 0).shows("delay over", 0).flush().shows("one more", 1)
}
