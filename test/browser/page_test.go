package browser_test

import (
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/chromedp/chromedp"

	"github.com/kubebark/kubebark/test/browser"
	"github.com/kubebark/kubebark/test/phone"
)

func devices(t *testing.T, c chrome) {
	s := c.open(t)
	s.AddDevice(phone.DeviceOptions{Name: "Bo", Key: "boKey"})
	s.run(chromedp.Navigate(s.http.URL + "/"))
	s.until(`document.querySelectorAll(".phone").length === 2`)
	if got := s.text("nav"); got != "All phones Ada Bo" {
		t.Errorf("navigation: %q", got)
	}
	if !strings.HasSuffix(eval[string](s, `location.pathname`), "/phone/") {
		t.Error("a browser at the root is not led to the phones")
	}
	s.push("title", "for Ada")
	s.cards(1)
	if got := eval[string](s, `document.querySelector(".card").closest(".phone").getAttribute("aria-label")`); got != "Ada" {
		t.Errorf("Ada's push is on %s's phone", got)
	}
	s.save("devices")
}

func requestLog(t *testing.T, c chrome) {
	s := c.open(t)
	s.ada.Fail(phone.APNs("TooManyRequests"))
	res, err := s.http.Client().Get(s.http.URL + "/" + key + "/secret/body")
	if err != nil {
		t.Fatal(err)
	}
	res.Body.Close()
	s.ada.Fail(nil)
	s.push("title", "all well", "group", "g")
	s.until(`document.querySelectorAll("#log li").length === 2`)
	if got := s.text("#log li:first-child"); !strings.Contains(got, "POST /push") || !strings.Contains(got, "all well") || !strings.Contains(got, "200 success") {
		t.Errorf("newest request: %q", got)
	}
	if got := s.text("#log li.bad"); !strings.Contains(got, "GET /…/…/…") || !strings.Contains(got, "500 push failed: TooManyRequests") {
		t.Errorf("failed request: %q", got)
	}
	if html := eval[string](s, `document.documentElement.outerHTML`); strings.Contains(html, key) {
		t.Error("the page has a device key in it")
	}
}

// A push cannot bring markup or script into the page.
func inert(t *testing.T, c chrome) {
	s := c.open(t)
	const attack = `<img src=x onerror="window.hit=1"><script>window.hit=1</script>`
	s.push("id", "a", "title", attack, "subtitle", attack, "body", attack, "group", attack)
	s.push("id", "b", "title", "t", "markdown", attack+"\n# "+attack+"\n- ["+attack+"](javascript:window.hit=1)")
	s.push("id", "c", "title", "t", "url", "javascript:window.hit=1")
	s.cards(3)
	if eval[bool](s, `"hit" in window || document.querySelectorAll(".card img, .card script, .card a").length > 0`) {
		t.Error("markup of a push is live in the page")
	}
	if got := s.text(`[data-id="a"] .title`); got != attack {
		t.Errorf("title shown as %q", got)
	}
}

// The page fetches nothing that is not its own, whatever a push names.
func local(t *testing.T, c chrome) {
	var hits atomic.Int32
	decoy := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { hits.Add(1) }))
	defer decoy.Close()
	s := c.open(t)
	s.push("title", "t", "icon", decoy.URL+"/i.png", "image", decoy.URL+"/j.png", "markdown", "![x]("+decoy.URL+"/k.png)")
	s.cards(1)
	for _, u := range eval[[]string](s, `performance.getEntriesByType("resource").map((e) => e.name)`) {
		if !strings.HasPrefix(u, s.http.URL+"/phone/-/") {
			t.Errorf("the page fetched %s", u)
		}
	}
	if got := eval[int](s, `document.querySelectorAll("img, iframe, video, audio, object").length`); got > 0 {
		t.Errorf("the page has %d elements that fetch something", got)
	}
	if n := hits.Load(); n > 0 {
		t.Errorf("%d requests went to a server that a push names", n)
	}
}

func links(t *testing.T, c chrome) {
	s := c.open(t)
	s.push("title", "silence it", "url", "http://127.0.0.1:10057/silence?token=x")
	s.cards(1)
	got := eval[string](s, `((a) => [a.href, a.target, a.rel].join(" "))(document.querySelector(".card a"))`)
	if got != "http://127.0.0.1:10057/silence?token=x _blank noopener noreferrer" {
		t.Errorf("link of a card: %s", got)
	}
}

func narrow(t *testing.T, c chrome) {
	s := c.open(t, chromedp.EmulateViewport(360, 640))
	s.push("title", strings.Repeat("Wide", 40), "body", strings.Repeat("word ", 100), "group", strings.Repeat("g", 80))
	s.cards(1)
	if over := eval[int](s, `document.documentElement.scrollWidth - innerWidth`); over > 0 {
		t.Errorf("%d pixels wider than the window", over)
	}
	if got := eval[string](s, `getComputedStyle(document.querySelector(".frame")).padding`); got != "0px" {
		t.Errorf("on a phone the phone has a frame of %s", got)
	}
	s.save("narrow")
}

func dark(t *testing.T, c chrome) {
	s := c.open(t)
	ink := `getComputedStyle(document.body).color + getComputedStyle(document.body).backgroundColor`
	s.push("title", "at night", "level", "timeSensitive")
	s.cards(1)
	light := eval[string](s, ink)
	s.run(browser.Scheme("dark"))
	if got := eval[string](s, ink); got == light {
		t.Errorf("dark mode looks like the light one: %s", got)
	}
	s.save("dark")
}

// What a screen reader and a keyboard need.
func accessible(t *testing.T, c chrome) {
	s := c.open(t)
	s.push("title", "t", "body", "b", "group", "g")
	s.cards(1)
	for what, expression := range map[string]string{
		"language":             `document.documentElement.lang === "en"`,
		"one main heading":     `document.querySelectorAll("h1").length === 1`,
		"news are read out":    `document.querySelector(".said").getAttribute("aria-live") === "polite"`,
		"the phone is named":   `document.querySelector(".phone").getAttribute("aria-label") === "Ada"`,
		"regions are named":    `[...document.querySelectorAll("[role=region], nav, section")].every((e) => e.ariaLabel || e.getAttribute("aria-labelledby"))`,
		"buttons are named":    `[...document.querySelectorAll("button")].every((b) => b.ariaLabel || b.innerText)`,
		"pictures are hidden":  `[...document.querySelectorAll("svg")].every((e) => e.closest("[aria-hidden=true]"))`,
		"unique ids":           `((ids) => new Set(ids).size === ids.length)([...document.querySelectorAll("[id]")].map((e) => e.id))`,
		"times for machines":   `[...document.querySelectorAll("time")].every((e) => !isNaN(Date.parse(e.dateTime)))`,
		"scrolls by keyboard":  `document.querySelector(".notes").tabIndex === 0`,
		"current page is told": `document.querySelector("nav [aria-current=page]").innerText === "Ada"`,
	} {
		if !eval[bool](s, expression) {
			t.Errorf("not so: %s (%s)", what, expression)
		}
	}
	s.run(browser.Media("prefers-reduced-motion", "reduce"))
	if got := eval[string](s, `getComputedStyle(document.querySelector(".card")).animationDuration`); got != "0.001s" {
		t.Errorf("with reduced motion, animations take %s", got)
	}
}

func reconnects(t *testing.T, c chrome) {
	s := c.open(t)
	s.push("id", "a", "title", "before")
	s.cards(1)
	s.http.CloseClientConnections()
	s.until(`document.getElementById("link").classList.contains("lost")`)
	s.push("id", "b", "title", "after")
	s.cards(2)
	s.until(`document.getElementById("link").textContent === "live"`)
}
