package browser_test

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/chromedp/chromedp"

	"github.com/kubebark/kubebark/test/phone"
)

// chrome is the one browser of all tests; each opens a tab in it.
type chrome struct {
	ctx context.Context
}

// TestPhone shows the phone's page to a real browser. It is one test, so that
// one browser serves it all.
func TestPhone(t *testing.T) {
	_, tab := startBrowser(t)
	c := chrome{tab}
	for name, test := range map[string]func(*testing.T, chrome){
		"arrives":    arrives,
		"updates":    updates,
		"vanishes":   vanishes,
		"sounds":     sounds,
		"levels":     levels,
		"groups":     groups,
		"devices":    devices,
		"log":        requestLog,
		"inert":      inert,
		"local":      local,
		"links":      links,
		"narrow":     narrow,
		"dark":       dark,
		"accessible": accessible,
		"reconnects": reconnects,
	} {
		t.Run(name, func(t *testing.T) { test(t, c) })
	}
}

// stage is a phone, its server and a tab that shows it.
type stage struct {
	*phone.Server
	t    *testing.T
	http *httptest.Server
	tab  context.Context
	ada  *phone.Device
}

const key = "adaKey22characters0001"

// open shows a new phone in a new tab. before run in it first.
func (c chrome) open(t *testing.T, before ...chromedp.Action[chromedp.Void]) *stage {
	t.Helper()
	s := &stage{t: t, Server: phone.New(phone.Options{})}
	s.ada = s.AddDevice(phone.DeviceOptions{Name: "Ada", Key: key})
	s.http = httptest.NewServer(s)
	t.Cleanup(s.http.Close)
	t.Cleanup(s.Close)
	s.tab = newTab(c.ctx, t)
	s.run(append(before, chromedp.Navigate(s.http.URL+s.ada.Path()))...)
	s.until(`document.getElementById("link").textContent === "live"`)
	return s
}

// newTab opens a tab in the browser, for no longer than a page may take.
func newTab(browser context.Context, t *testing.T) context.Context {
	t.Helper()
	tab, cancel := chromedp.NewContext(browser)
	t.Cleanup(cancel)
	limited, stop := context.WithTimeout(tab, 45*time.Second)
	t.Cleanup(stop)
	return limited
}

func (s *stage) run(actions ...chromedp.Action[chromedp.Void]) {
	s.t.Helper()
	if err := chromedp.Do(s.tab, actions...); err != nil {
		s.t.Fatal(err)
	}
}

// until waits for an expression of JavaScript to become true.
func (s *stage) until(expression string) {
	s.t.Helper()
	if err := chromedp.Do(s.tab, chromedp.Poll[chromedp.Void](expression, chromedp.WithPollingTimeout(20*time.Second))); err != nil {
		s.t.Fatalf("wait for %s: %v\nthe phone shows:\n%s", expression, err, s.text(".phone"))
	}
}

// eval returns the value of an expression of JavaScript, through JSON.
func eval[T any](s *stage, expression string) T {
	s.t.Helper()
	v, err := chromedp.Run(s.tab, chromedp.Evaluate[T](expression))
	if err != nil {
		s.t.Fatalf("%s: %v", expression, err)
	}
	return v
}

// text is what an element shows, with blanks folded.
func (s *stage) text(selector string) string {
	s.t.Helper()
	q, err := json.Marshal(selector)
	if err != nil {
		s.t.Fatal(err)
	}
	return strings.Join(strings.Fields(eval[string](s, fmt.Sprintf(`document.querySelector(%s)?.innerText ?? ""`, q))), " ")
}

// push sends a push to the phone; kv are names and values in turn.
func (s *stage) push(kv ...string) {
	s.t.Helper()
	m := map[string]string{"device_key": key}
	for i := 0; i < len(kv); i += 2 {
		m[kv[i]] = kv[i+1]
	}
	b, err := json.Marshal(m)
	if err != nil {
		s.t.Fatal(err)
	}
	req, err := http.NewRequestWithContext(s.t.Context(), http.MethodPost, s.http.URL+"/push", strings.NewReader(string(b)))
	if err != nil {
		s.t.Fatal(err)
	}
	req.Header.Set("Content-Type", "application/json")
	res, err := s.http.Client().Do(req)
	if err != nil {
		s.t.Fatal(err)
	}
	defer res.Body.Close()
	if res.StatusCode != http.StatusOK {
		s.t.Fatalf("push: %s", res.Status)
	}
}

// cards waits until the screen shows so many cards.
func (s *stage) cards(n int) {
	s.t.Helper()
	s.until(fmt.Sprintf(`document.querySelectorAll(".card:not(.gone)").length === %d`, n))
}

// save keeps a picture of the tab where PICTURES names a folder, for a look.
func (s *stage) save(name string) {
	s.t.Helper()
	dir := os.Getenv("PICTURES")
	if dir == "" {
		return
	}
	png, err := chromedp.Run(s.tab, chromedp.FullScreenshot(100))
	if err != nil {
		s.t.Fatal(err)
	}
	if err := os.WriteFile(dir+"/"+name+".png", png, 0o644); err != nil {
		s.t.Fatal(err)
	}
}
