package receiver

import (
	"net/http"
	"os"
	"strings"
	"testing"

	"github.com/kubebark/kubebark/test/phone"
)

// TestFallback: with a real Alertmanager that keeps trying, the second phone
// rings once the first could not be told for long enough, once, and hears of
// that trouble until it is over.
func TestFallback(t *testing.T) {
	t.Parallel()
	d := newDesk(t)
	other, otherURL := newPhones(t)
	cy := other.AddDevice(phone.DeviceOptions{Name: "cy", Key: "CyKeyCyKeyCyKeyCyKey12"})
	d.file("cy", cy.Key())
	d.start(`
bark: {server_url: BARK, timeout: 5s, servers: {other: {server_url: ` + otherURL + `}}}
receivers:
  - {name: oncall, devices: [{name: ada, key_file: ada}], fallback: {receiver: backup, after: 1s}}
  - {name: backup, server: other, devices: [{name: cy, key_file: cy}]}
`)
	front := newFront(t, d.url)
	am := []string{d.alertmanager(routing(front.url + "/webhook"))}

	d.phones.Fail(phone.Proxy(http.StatusServiceUnavailable, ""))
	d.fire(am, down("Slow", "cart"))
	d.shows(cy, "what ada could not be told", func(s phone.State) bool { return s.Sounds == 1 })
	_, codes := front.told("Slow")
	tries := len(codes)
	if tries < 1 || codes[0] != http.StatusServiceUnavailable {
		t.Errorf("Alertmanager was answered %v", codes)
	}
	d.eventually("Alertmanager goes on trying", func() (bool, error) {
		_, codes := front.told("Slow")
		return len(codes) > tries+1, nil
	})
	d.phones.Fail(nil)
	d.shows(d.ada, "it once its server is back", func(s phone.State) bool { return s.Sounds == 1 })
	d.over(am, down("Slow", "cart"))
	for _, p := range []*phone.Device{d.ada, cy} {
		d.shows(p, "the all-clear", func(s phone.State) bool {
			return len(s.Notifications) == 1 && strings.HasPrefix(s.Notifications[0].Title, "Resolved") && s.Sounds == 1
		})
	}

	d.fire(am, down("Fine", "cart"))
	d.shows(d.ada, "the next trouble", func(s phone.State) bool { return s.Sounds == 2 })

	d.ada.Fail(phone.APNs("Unregistered")) // for good, so there is nothing to wait for
	d.fire(am, down("Refused", "cart"))
	d.shows(cy, "what ada's phone refused", func(s phone.State) bool { return s.Sounds == 2 })
	d.eventually("Alertmanager is content, for somebody was told", func() (bool, error) {
		_, codes := front.told("Refused")
		return len(codes) == 1 && codes[0] == http.StatusOK, nil
	})
	if n := len(cy.State().Notifications); n != 2 {
		t.Errorf("cy's phone shows %d notifications: also what ada was told", n)
	}
	if n := d.metric(d.url, "alertmanager_bark_fallbacks_total", "receiver=oncall"); n < 3 {
		t.Errorf("%v messages to the fallback are counted", n)
	}
	log, err := os.ReadFile(d.LogFile())
	d.must(err)
	for _, key := range []string{d.ada.Key(), cy.Key()} {
		if strings.Contains(string(log), key) {
			t.Error("a key is in the log")
		}
	}
}
