package receiver

import (
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/kubebark/kubebark/test/phone"
	"github.com/kubebark/kubebark/test/testbed"
)

// pair starts two Alertmanagers that gossip through gates.
func (d *desk) pair(config string) (ams []string, gates []*gate) {
	d.t.Helper()
	var ports []int
	for range 2 {
		port, err := testbed.FreePort()
		d.must(err)
		ports = append(ports, port)
		gates = append(gates, newGate(d.t, port))
	}
	for i, port := range ports {
		ams = append(ams, d.alertmanager(config,
			fmt.Sprintf("--cluster.listen-address=127.0.0.1:%d", port),
			fmt.Sprintf("--cluster.advertise-address=127.0.0.1:%d", gates[i].Port()),
			fmt.Sprintf("--cluster.peer=127.0.0.1:%d", gates[1-i].Port()),
			"--cluster.peer-timeout=1s", "--cluster.settle-timeout=1s",
			"--cluster.pushpull-interval=1s", "--cluster.reconnect-interval=1s"))
	}
	d.eventually("the Alertmanagers have met", func() (bool, error) {
		for _, am := range ams {
			_, text, err := call(d.ctx, http.MethodGet, am+"/api/v2/status", "")
			if err != nil || strings.Count(text, `"address"`) != 2 {
				return false, err
			}
		}
		return true, nil
	})
	return ams, gates
}

// TestPair: whatever a pair of Alertmanagers does, a trouble is one sound on
// the phone.
func TestPair(t *testing.T) {
	t.Parallel()
	d := newDesk(t)
	// The pair has to know the receiver, and the receiver one of the pair.
	port, err := testbed.FreePort()
	d.must(err)
	receiver := newFront(t, fmt.Sprintf("http://127.0.0.1:%d", port))
	ams, gates := d.pair(routing(receiver.url + "/webhook"))
	d.startOn(port, `
bark: {server_url: BARK}
alertmanager: {url: '`+ams[0]+`', silence_secret_file: secret}
receivers: [{name: oncall, devices: [{name: ada, key_file: ada}]}]
`)

	d.fire(ams, down("DiskFull", "cart"))
	d.shows(d.ada, "the first trouble", func(s phone.State) bool { return s.Sounds == 1 })

	receiver.loseAnswers("LostAnswer", 2)
	d.fire(ams, down("LostAnswer", "db"))
	d.eventually("a message whose answer was lost comes again", func() (bool, error) {
		told, _ := receiver.told("LostAnswer")
		return len(told) >= 3, nil
	})
	d.rang(2)

	for _, g := range gates {
		g.set(true)
	}
	d.fire(ams, down("Split", "web"))
	d.eventually("both tell of a trouble, for they do not hear of each other", func() (bool, error) {
		told, _ := receiver.told("Split")
		slices.Sort(told)
		return len(slices.Compact(told)) == 2, nil
	})
	d.rang(3)
	for _, g := range gates {
		g.set(false)
	}

	d.silence("DiskFull")
	d.eventually("both Alertmanagers have the silence", func() (bool, error) {
		return d.suppressed(ams[0], "DiskFull") == "cart" && d.suppressed(ams[1], "DiskFull") == "cart", nil
	})
	d.fire(ams, down("DiskFull", "queue"))
	d.shows(d.ada, "what is not silenced", func(s phone.State) bool {
		n, ok := about(s, "queue is down")
		return ok && !strings.Contains(n.Body, "cart")
	})
	d.rang(4)

	d.over(ams, down("LostAnswer", "db"))
	s := d.shows(d.ada, "the all-clear", func(s phone.State) bool {
		n, ok := about(s, "LostAnswer")
		return ok && strings.HasPrefix(n.Title, "Resolved")
	})
	if n, _ := about(s, "LostAnswer"); n.Sounded || len(s.Notifications) != 3 {
		t.Errorf("%d notifications, and the all-clear made a sound: %v", len(s.Notifications), n.Sounded)
	}
	d.rang(4)
}

// rang holds how often ada's phone has rung.
func (d *desk) rang(want int) {
	d.t.Helper()
	s := d.ada.State()
	if s.Sounds == want {
		return
	}
	d.t.Errorf("ada's phone rang %d times, want %d:", s.Sounds, want)
	for _, e := range d.phones.Events(0) {
		n := e.Notification
		d.t.Logf("%s %s, sound: %v: %s: %s: %s", e.Time.Format("15:04:05.000"), e.Kind, n.Sounded, n.Title, n.Subtitle, n.Body)
	}
}

// silence opens the link of ada's push about a trouble and asks for an hour.
func (d *desk) silence(trouble string) {
	d.t.Helper()
	n, ok := about(d.ada.State(), trouble)
	if !ok {
		d.t.Fatalf("no push about %s", trouble)
	}
	code, page, err := call(d.ctx, http.MethodGet, n.URL, "")
	d.must(err)
	token := regexp.MustCompile(`name="t" value="([^"]+)"`).FindStringSubmatch(page)
	if code != http.StatusOK || len(token) != 2 {
		d.t.Fatalf("%s: %d %s", n.URL, code, page)
	}
	resp, err := http.PostForm(d.url+"/silence", url.Values{"t": {token[1]}, "for": {"1h"}})
	d.must(err)
	resp.Body.Close()
	if resp.StatusCode != http.StatusOK {
		d.t.Fatalf("the page's button: %s", resp.Status)
	}
}

// suppressed returns the pods whose alerts of a name an Alertmanager has
// silenced.
func (d *desk) suppressed(am, name string) string {
	d.t.Helper()
	_, text, err := call(d.ctx, http.MethodGet, am+"/api/v2/alerts?active=false&inhibited=false&unprocessed=false&filter=alertname%3D"+name, "")
	d.must(err)
	var all []alert
	d.must(json.Unmarshal([]byte(text), &all))
	var pods []string
	for _, a := range all {
		pods = append(pods, a.Labels["pod"])
	}
	return strings.Join(pods, " ")
}
