// Package browser drives a real Chromium without a window, for what only a
// browser can show.
//
// [Start] starts one; each test opens tabs of its own in it with
// chromedp.NewContext. The browser is told to fetch nothing for itself, and
// its profile is thrown away.
package browser

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"slices"

	"github.com/chromedp/cdproto/cdp"
	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/chromedp"
)

// ErrNone says that there is no Chromium to be driven.
var ErrNone = errors.New("no Chromium found: install it (make browser does, with apt and as root) or name it in CHROMIUM")

// Find returns the path of a Chromium: CHROMIUM if it is set, else the first
// of the usual names that is there. Without one it returns [ErrNone].
func Find() (string, error) {
	names := []string{"chromium", "chromium-browser", "google-chrome-stable", "google-chrome"}
	if own := os.Getenv("CHROMIUM"); own != "" {
		names = []string{own}
	}
	for _, name := range names {
		if path, err := exec.LookPath(name); err == nil {
			return path, nil
		}
	}
	return "", ErrNone
}

// Start starts a Chromium that ends with the context, or when stop is called.
// The context it returns is a tab of it; more tabs come of chromedp.NewContext.
func Start(ctx context.Context) (tab context.Context, stop func(), err error) {
	path, err := Find()
	if err != nil {
		return nil, nil, err
	}
	flags := slices.Concat(chromedp.DefaultExecAllocatorOptions[:], []chromedp.ExecAllocatorOption{
		chromedp.ExecPath(path),
		chromedp.NoSandbox,
		chromedp.DisableGPU,
		chromedp.Flag("disable-component-update", true),
		chromedp.Flag("lang", "en-GB"),
		// Names for pages without TLS that are not of this machine, which
		// browsers trust less than localhost.
		chromedp.Flag("host-resolver-rules", "MAP *.test 127.0.0.1"),
		chromedp.Env("TZ=UTC", "LANGUAGE=en_GB"),
	})
	alloc, stopAll := chromedp.NewExecAllocator(ctx, flags...)
	tab, stopTab := chromedp.NewContext(alloc)
	stop = func() {
		stopTab()
		stopAll()
	}
	if err := chromedp.Do(tab); err != nil {
		stop()
		return nil, nil, fmt.Errorf("start %s: %w", path, err)
	}
	return tab, stop, nil
}

// Scheme makes a tab prefer light or dark.
func Scheme(name string) chromedp.Action[chromedp.Void] {
	return Media("prefers-color-scheme", name)
}

// Media sets one media feature of a tab, as a user's system settings would.
func Media(name, value string) chromedp.Action[chromedp.Void] {
	return chromedp.Func(func(ctx context.Context, t *chromedp.Target) error {
		_, err := cdp.Call(ctx, t, emulation.SetEmulatedMedia, emulation.SetEmulatedMediaParams{
			Features: []*emulation.MediaFeature{{Name: name, Value: value}},
		})
		return err
	})
}

// NoScript keeps a tab from running the scripts of pages, as who turned
// JavaScript off does.
func NoScript() chromedp.Action[chromedp.Void] {
	return chromedp.Func(func(ctx context.Context, t *chromedp.Target) error {
		_, err := cdp.Call(ctx, t, emulation.SetScriptExecutionDisabled, emulation.SetScriptExecutionDisabledParams{Value: true})
		return err
	})
}
