package silence

import (
	"cmp"
	"embed"
	"errors"
	"net/http"
	"slices"
	"strings"
	"time"
)

//go:embed page.html
var files embed.FS

// What keeps a link from working, beside those of tokens.
var (
	errUsed    = errors.New("the link was used already")
	errNothing = errors.New("none of its alerts fires unsilenced any more")
	errTooMany = errors.New("its alerts are too different for a few silences")
)

// page is what the page shows.
type page struct {
	Language string
	Kind     string // ask, done, undone or fault
	Fault    string // forged, expired, used, nothing, many or other
	Token    string
	Undo     string
	Sets     []matchers
	Matching int // alerts that the silences match now
	More     int // alerts of the push that the link does not name
	Choices  []choice
	End      time.Time
	Pages    []lookAt // where the trouble is shown

	location *time.Location
}

// lookAt leads to where an alert is shown, with what else there is to see.
type lookAt struct{ Text, URL string }

// maxPages is how many alerts the page links to; a phone's screen has no more.
const maxPages = 5

// show has the page lead to where an alert comes from, if that is on the web.
func (p *page) show(a *apiAlert) {
	u := a.GeneratorURL
	if len(p.Pages) >= maxPages || !strings.HasPrefix(u, "http://") && !strings.HasPrefix(u, "https://") ||
		slices.ContainsFunc(p.Pages, func(l lookAt) bool { return l.URL == u }) {
		return
	}
	p.Pages = append(p.Pages, lookAt{cmp.Or(a.Annotations["summary"], a.Labels["alertname"], u), u})
}

// choice is for how long to silence.
type choice struct{ Value, Text string }

// choices are in the order of how little harm they can do.
func choices(now time.Time, language string) []choice {
	tomorrow, _ := until("morning", now)
	if language == "zh" {
		return []choice{{"1h", "1 小时"}, {"4h", "4 小时"}, {"morning", "到 " + tomorrow.Format("1月2日 15:04")}, {"week", "一周"}}
	}
	return []choice{{"1h", "1 hour"}, {"4h", "4 hours"}, {"morning", "until " + tomorrow.Format("Mon 15:04")}, {"week", "a week"}}
}

// until returns when a choice made now ends.
func until(value string, now time.Time) (end time.Time, ok bool) {
	switch value {
	case "1h":
		return now.Add(time.Hour), true
	case "4h":
		return now.Add(4 * time.Hour), true
	case "morning":
		return time.Date(now.Year(), now.Month(), now.Day()+1, 9, 0, 0, 0, now.Location()), true
	case "week":
		return now.AddDate(0, 0, 7), true
	}
	return time.Time{}, false
}

// EndText is the end as its reader's clock shows it.
func (p *page) EndText() string {
	if p.Language == "zh" {
		return p.End.In(p.location).Format("1月2日 15:04")
	}
	return p.End.In(p.location).Format("Mon Jan 2 15:04")
}

// ZH tells whether the page is in Chinese.
func (p *page) ZH() bool { return p.Language == "zh" }

// fail makes the page tell of a fault and returns its HTTP status.
func (p *page) fail(err error) int {
	p.Kind = "fault"
	for _, f := range []struct {
		err  error
		name string
		code int
	}{
		{errForged, "forged", http.StatusForbidden},
		{errExpired, "expired", http.StatusGone},
		{errUsed, "used", http.StatusConflict},
		{errNothing, "nothing", http.StatusOK},
		{errTooMany, "many", http.StatusOK},
	} {
		if errors.Is(err, f.err) {
			p.Fault = f.name
			return f.code
		}
	}
	p.Fault = "other"
	return http.StatusBadGateway
}
