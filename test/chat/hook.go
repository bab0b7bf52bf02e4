package chat

import (
	"fmt"
	"io"
	"net/http"
	"strings"

	"github.com/kubebark/kubebark/barkreceiver/webhook"
)

// hookToken is what the webhook wants to be shown.
const hookToken = "webhook-secret"

// hook is whatever takes Alertmanager's JSON.
type hook struct{ inbox }

// ServeHTTP implements http.Handler.
func (h *hook) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if r.Header.Get("Authorization") != "Bearer "+hookToken {
		h.refuse("401")
		http.Error(w, "who are you?", http.StatusUnauthorized)
		return
	}
	body, err := io.ReadAll(r.Body)
	if err == nil {
		var m *webhook.Message
		if m, err = webhook.Decode(body); err == nil {
			h.put(told(m))
			return
		}
	}
	h.refuse(err.Error())
	http.Error(w, err.Error(), http.StatusBadRequest)
}

// told is a message in lines.
func told(m *webhook.Message) string {
	var s strings.Builder
	fmt.Fprintf(&s, "status: %s\ngroup: %v\n", m.Status, m.GroupLabels)
	for _, a := range m.Alerts {
		fmt.Fprintf(&s, "\n%s\nlabels:\n", a.Status)
		for _, p := range a.Labels.SortedPairs() {
			fmt.Fprintf(&s, "  %s: %s\n", p.Name, p.Value)
		}
		s.WriteString("annotations:\n")
		for _, p := range a.Annotations.SortedPairs() {
			fmt.Fprintf(&s, "  %s: %s\n", p.Name, strings.ReplaceAll(p.Value, "\n", `\n`))
		}
		fmt.Fprintf(&s, "generatorURL: %s\n", a.GeneratorURL)
	}
	return s.String()
}
