package browser_test

import (
	"strings"
	"testing"

	"github.com/chromedp/chromedp"

	"github.com/kubebark/kubebark/test/browser"
)

// faint finds texts whose contrast is below what WCAG's level AA wants.
const faint = `(() => {
	const rgb = (s) => s.match(/[\d.]+/g).map(Number);
	const light = (c) => c.slice(0, 3).map((v) => (v /= 255) <= .04045 ? v / 12.92 : ((v + .055) / 1.055) ** 2.4)
		.reduce((sum, v, i) => sum + v * [.2126, .7152, .0722][i], 0);
	const back = (e) => { for (; e; e = e.parentElement) { const c = rgb(getComputedStyle(e).backgroundColor); if (c.length < 4 || c[3] > 0) return c; } return [255, 255, 255]; };
	return [...document.querySelectorAll("main *")].filter((e) => [...e.childNodes].some((n) => n.nodeType === 3 && n.data.trim())).filter((e) => {
		const [a, b] = [light(rgb(getComputedStyle(e).color)), light(back(e))].sort((x, y) => y - x);
		return (a + .05) / (b + .05) < 4.5;
	}).map((e) => e.tagName + " " + e.innerText.slice(0, 30));
})()`

// looks looks at each page as a narrow phone in light and dark shows it.
func looks(t *testing.T, d *desk) {
	wide := d.pushed(t, "wide", "a-deployment-with-"+strings.Repeat("a", 80)+"-long-name")
	link := d.pushed(t, "payments", "cart")
	done := map[string]string{"light": d.pushed(t, "shop", "cart"), "dark": d.pushed(t, "bank", "cart")}
	for _, scheme := range []string{"light", "dark"} {
		s := d.tab(t, link, browser.Scheme(scheme))
		s.look("silence-" + scheme)
		s.run(chromedp.Navigate(d.url + "/silence?t=nonsense"))
		s.look("")
		s.run(chromedp.Navigate(wide))
		s.look("")
		s.run(chromedp.Navigate(d.url + "/preview"))
		s.choose("sample", "a mixed group")
		s.press("button", previewHeading)
		s.look("preview-" + scheme)
		s.run(chromedp.EmulateViewport(1100, 800))
		s.fits("preview on a desk")
		dark := eval[string](s, `getComputedStyle(document.body).backgroundColor`) == "rgb(0, 0, 0)"
		if dark != (scheme == "dark") {
			t.Errorf("a page in %s is dark: %v", scheme, dark)
		}
		s = d.tab(t, done[scheme], browser.Scheme(scheme))
		s.press(`button[value="1h"]`, "Silenced until")
		s.look("silence-done-" + scheme)
	}
}

// look takes a picture and looks for what a small screen and weak eyes would
// stumble over.
func (s *stage) look(name string) {
	s.t.Helper()
	if name != "" {
		s.save("receiver-" + name)
	}
	s.run(chromedp.EmulateViewport(320, 640))
	s.fits(name)
	s.run(chromedp.EmulateViewport(390, 760, chromedp.EmulateScale(2)))
}

func (s *stage) fits(name string) {
	s.t.Helper()
	if over := eval[int](s, `document.documentElement.scrollWidth - innerWidth`); over > 0 {
		s.t.Errorf("%s: %d pixels wider than the window", name, over)
	}
	if all := eval[[]string](s, faint); len(all) > 0 {
		s.t.Errorf("%s: hard to read: %s", name, strings.Join(all, "; "))
	}
	if n := eval[int](s, `[...document.querySelectorAll("button, select")].filter((e) => e.offsetHeight < 44).length`); n > 0 {
		s.t.Errorf("%s: %d buttons too small for a thumb", name, n)
	}
	if n := eval[int](s, `document.querySelectorAll("script, link, img").length + document.querySelectorAll("h1").length - 1`); n != 0 {
		s.t.Errorf("%s: loads something, or has not one main heading", name)
	}
}
