package browser_test

import (
	"strings"
	"testing"

	"github.com/chromedp/chromedp"
	"github.com/chromedp/chromedp/kb"
)

func arrives(t *testing.T, c chrome) {
	s := c.open(t)
	if got := s.text(".empty"); got != "No notifications" {
		t.Errorf("an empty phone says %q", got)
	}
	s.push("title", "Disk full", "subtitle", "node-1", "body", "95 % used\nof 20 GB", "group", "ops", "badge", "2")
	s.cards(1)
	want := map[string]string{
		".card .app-name": "BARK", ".card .thread": "· ops", ".card .title": "Disk full",
		".card .subtitle": "node-1", ".card .body": "95 % used of 20 GB", ".card time": "now", ".badge": "2",
		".said": "Disk full. node-1. 95 % used of 20 GB",
	}
	for selector, text := range want {
		if got := s.text(selector); got != text && (selector != ".card .thread" || "· "+got != text) {
			t.Errorf("%s shows %q, want %q", selector, got, text)
		}
	}
	if eval[int](s, `document.querySelector(".empty").offsetHeight`) > 0 {
		t.Error("it still says that there is nothing")
	}
	s.save("arrives")
}

func updates(t *testing.T, c chrome) {
	s := c.open(t)
	s.push("id", "a", "title", "firing", "group", "g")
	s.push("id", "b", "title", "another", "group", "h")
	s.cards(2)
	s.run(chromedp.Evaluate[chromedp.Void](`window.first = document.querySelector('[data-id="a"]'); window.pulsed = false;
		new MutationObserver(() => { window.pulsed ||= first.classList.contains("pulse") })
			.observe(first, { attributes: true })`))
	s.push("id", "a", "title", "resolved", "level", "passive", "group", "g")
	s.until(`first.querySelector(".title").textContent === "resolved"`)
	s.until(`pulsed`)
	s.cards(2)
	if !eval[bool](s, `document.querySelector(".card") === first && first.classList.contains("passive")`) {
		t.Error("the updated card is not on top in its new level")
	}
	if got := s.text(".card .meta"); got != "updated once" {
		t.Errorf("the card says %q of its update", got)
	}
}

func vanishes(t *testing.T, c chrome) {
	s := c.open(t)
	s.push("id", "a", "title", "one", "group", "g")
	s.push("id", "b", "title", "two", "group", "g")
	s.cards(2)
	s.push("id", "a", "delete", "1")
	s.until(`document.querySelectorAll(".card").length === 1`)
	s.push("id", "b", "delete", "1")
	s.until(`document.querySelectorAll(".card, .group").length === 0`)
	if got := s.text(".empty"); got != "No notifications" {
		t.Errorf("an emptied phone says %q", got)
	}
}

func sounds(t *testing.T, c chrome) {
	s := c.open(t)
	s.push("title", "quiet", "level", "passive")
	s.cards(1)
	if s.text(".count") != "0 sounds" || eval[bool](s, `document.querySelector(".phone").matches(".ringing, .wake")`) {
		t.Errorf("a passive push rang: %s", s.text(".count"))
	}
	s.run(chromedp.Evaluate[chromedp.Void](`window.seen = ""; new MutationObserver(() => { seen += " " + document.querySelector(".phone").className })
		.observe(document.querySelector(".phone"), { attributes: true })`))
	s.push("title", "loud")
	s.until(`document.querySelector(".count").textContent === "1 sound"`)
	s.until(`seen.includes("ringing") && seen.includes("wake")`)
	s.push("title", "louder", "level", "critical")
	s.until(`seen.includes("alarm")`)
}

func levels(t *testing.T, c chrome) {
	s := c.open(t)
	for _, level := range []string{"passive", "active", "timeSensitive", "critical"} {
		s.push("id", level, "title", level, "level", level)
	}
	s.cards(4)
	for level, tag := range map[string]string{
		"passive": "", "active": "", "timeSensitive": "TIME SENSITIVE", "critical": "CRITICAL",
	} {
		if got := s.text(`[data-id="` + level + `"] .tag`); got != tag {
			t.Errorf("level %s is labelled %q, want %q", level, got, tag)
		}
	}
	s.save("levels")
}

func groups(t *testing.T, c chrome) {
	s := c.open(t)
	for _, title := range []string{"1", "2", "3", "4", "5"} {
		s.push("title", title, "group", "shop")
	}
	s.push("title", "alone", "group", "other")
	s.cards(6)
	fold := `document.querySelector(".group:nth-child(2) .fold")`
	if got := eval[string](s, fold+".innerText"); got != "shop: 4 more" {
		t.Errorf("a stack of five says %q", got)
	}
	visible := `[...document.querySelectorAll(".group:nth-child(2) .card")].filter((c) => c.offsetHeight).map((c) => c.querySelector(".title").innerText).join()`
	if got := eval[string](s, visible); got != "5" {
		t.Errorf("a stack shows %q, want the newest", got)
	}
	s.save("groups")
	s.run(chromedp.Evaluate[chromedp.Void](fold+".focus()"), chromedp.KeyEvent(kb.Enter))
	s.until(fold + `.getAttribute("aria-expanded") === "true"`)
	if got := eval[string](s, visible); got != "5,4,3,2,1" {
		t.Errorf("unfolded, it shows %q", got)
	}
	s.push("title", "6", "group", "shop")
	s.cards(7) // and stays as its user left it
	if got := s.text(".group:first-child .fold"); got != "Show less" {
		t.Errorf("after another push the group says %q", got)
	}
	if got := s.text(".group:nth-child(2)"); strings.Contains(got, "Show") {
		t.Errorf("a single card can be folded: %q", got)
	}
}
