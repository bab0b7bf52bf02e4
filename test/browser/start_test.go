package browser_test

import (
	"context"
	"testing"
	"time"

	"github.com/kubebark/kubebark/test/browser"
)

// startBrowser starts a browser for the whole of a test, or skips it where there
// is none; the second context is the browser's.
func startBrowser(t *testing.T) (ctx, tab context.Context) {
	t.Helper()
	if _, err := browser.Find(); err != nil {
		t.Skip(err)
	}
	ctx, cancel := context.WithTimeout(t.Context(), 4*time.Minute)
	t.Cleanup(cancel)
	tab, stop, err := browser.Start(ctx)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(stop)
	return ctx, tab
}
