package receiver

import (
	"net/http"
	"strings"
	"testing"

	"github.com/kubebark/kubebark/test/phone"
)

// TestTooLarge: a real Alertmanager's message of more than 16 MiB is refused
// where nobody knows whom it is for, and told as such where the path says.
func TestTooLarge(t *testing.T) {
	t.Parallel()
	d := newDesk(t)
	d.start(`
bark: {server_url: BARK}
receivers: [{name: oncall, devices: [{name: ada, key_file: ada}]}]
`)
	front := newFront(t, d.url)
	am := []string{d.alertmanager(routing(front.url + "/webhook/oncall"))}
	huge := func(name string) []alert {
		a, b := down(name, "cart"), down(name, "db")
		a.Annotations["description"] = strings.Repeat("a", 9<<20)
		b.Annotations["description"] = strings.Repeat("b", 9<<20)
		return []alert{a, b}
	}
	d.fire(am, huge("Huge")...)
	s := d.shows(d.ada, "that a group is too large", func(s phone.State) bool { return s.Sounds == 1 })
	if n := s.Notifications[0]; !strings.Contains(n.Title, "A group too large to read") || !strings.Contains(n.Body, "max_alerts") {
		t.Errorf("%s: %s", n.Title, n.Body)
	}
	d.eventually("Alertmanager is content", func() (bool, error) {
		_, codes := front.told("Huge")
		return len(codes) > 0 && codes[len(codes)-1] == http.StatusOK, nil
	})

	for _, tt := range []struct {
		name, path, body string
		code             int
		text             string
	}{
		{"too large", "/webhook", strings.Repeat(" ", 16<<20) + group("x"), http.StatusRequestEntityTooLarge, "more than 16 MiB; set max_alerts"},
		{"just not too large", "/webhook", strings.Repeat(" ", 16<<20-len(group("x"))) + group("x"), http.StatusOK, "ada: delivered"},
		{"too large, and told already", "/webhook/oncall", strings.Repeat(" ", 40<<20), http.StatusOK, "ada: duplicate"},
		{"too large, for nobody", "/webhook/nobody", strings.Repeat(" ", 17<<20), http.StatusNotFound, "no receiver"},
	} {
		code, text, err := call(d.ctx, http.MethodPost, d.url+tt.path, tt.body)
		if err != nil || code != tt.code || !strings.Contains(text, tt.text) {
			t.Errorf("%s: %d %q %v", tt.name, code, text, err)
		}
	}
	if n := d.metric(d.url, "alertmanager_bark_webhooks_total", "code=413"); n != 1 {
		t.Errorf("%v answers of 413 are counted", n)
	}
}
