// Picture takes a screenshot of a demo's phone once it shows enough.
//
//	picture --url http://localhost:8080/phone/ --cards 4 --out docs/images/demo-phone.png
package main

import (
	"context"
	"flag"
	"fmt"
	"os"
	"time"

	"github.com/chromedp/chromedp"

	"github.com/kubebark/kubebark/test/browser"
)

func main() {
	if err := run(); err != nil {
		fmt.Fprintln(os.Stderr, "picture:", err)
		os.Exit(1)
	}
}

func run() error {
	url := flag.String("url", "http://localhost:8080/phone/", "the page")
	cards := flag.Int("cards", 1, "wait until so many notifications are shown at once")
	ready := flag.String("ready", "", "and until this expression of JavaScript is true")
	width := flag.Int64("width", 1000, "width of the window")
	height := flag.Int64("height", 1000, "height of the window")
	scale := flag.Float64("scale", 1.5, "pixels of the picture for one of the window")
	dark := flag.Bool("dark", false, "in dark mode")
	element := flag.String("element", "", "picture only the element that this selector finds")
	limit := flag.Duration("timeout", 3*time.Minute, "how long to wait")
	out := flag.String("out", "phone.png", "file to write")
	flag.Parse()

	ctx, cancel := context.WithTimeout(context.Background(), *limit)
	defer cancel()
	tab, stop, err := browser.Start(ctx)
	if err != nil {
		return err
	}
	defer stop()

	until := fmt.Sprintf(`document.querySelectorAll(".card:not(.gone)").length >= %d`, *cards)
	if *ready != "" {
		until += " && (" + *ready + ")"
	}
	scheme := "light"
	if *dark {
		scheme = "dark"
	}
	err = chromedp.Do(tab,
		chromedp.EmulateViewport(*width, *height, chromedp.EmulateScale(*scale)),
		browser.Scheme(scheme),
		chromedp.Navigate(*url),
		chromedp.Poll[chromedp.Void](until, chromedp.WithPollingTimeout(0)),
		chromedp.Sleep(1500*time.Millisecond), // let the cards come to rest
	)
	if err != nil {
		return fmt.Errorf("wait for %s: %w", *url, err)
	}
	shoot := chromedp.CaptureScreenshot()
	if *element != "" {
		shoot = chromedp.Screenshot(chromedp.CSS(*element))
	}
	png, err := chromedp.Run(tab, shoot)
	if err != nil {
		return fmt.Errorf("picture of %s: %w", *url, err)
	}
	return os.WriteFile(*out, png, 0o644) //nolint:gosec // a picture for everybody
}
