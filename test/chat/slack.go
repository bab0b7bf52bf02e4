package chat

import (
	"encoding/json"
	"fmt"
	"net/http"
	"strings"
)

// slackPath is of an incoming webhook; whoever knows it may post.
const slackPath = "/services/T0001/B0001/wCsQaXAf"

// slack is Slack's incoming webhook. It answers in plain text.
type slack struct{ inbox }

// ServeHTTP implements http.Handler.
func (s *slack) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	var m struct {
		Text        string `json:"text"`
		Attachments []struct {
			Color     string `json:"color"`
			Title     string `json:"title"`
			TitleLink string `json:"title_link"`
			Text      string `json:"text"`
			Fallback  string `json:"fallback"`
		} `json:"attachments"`
	}
	refuse := func(code int, why string) {
		s.refuse(why)
		http.Error(w, why, code)
	}
	switch err := json.NewDecoder(r.Body).Decode(&m); {
	case r.URL.Path != slackPath:
		refuse(http.StatusNotFound, "no_service")
	case r.Method != http.MethodPost || !strings.HasPrefix(r.Header.Get("Content-Type"), "application/json") || err != nil:
		refuse(http.StatusBadRequest, "invalid_payload")
	case m.Text == "" && len(m.Attachments) == 0:
		refuse(http.StatusBadRequest, "no_text")
	default:
		var text strings.Builder
		text.WriteString(m.Text)
		for _, a := range m.Attachments {
			fmt.Fprintf(&text, "colour: %s\ntitle: %s\nlink: %s\nnotification: %s\n\n%s\n", a.Color, a.Title, a.TitleLink, a.Fallback, a.Text)
		}
		s.put(text.String())
		fmt.Fprint(w, "ok")
	}
}
