package receiver

import (
	"bytes"
	"fmt"
	"net/http"
	"os"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/kubebark/kubebark/test/phone"
)

const (
	troubles = 100  // that Alertmanager tells of
	crowd    = 1200 // others, each on a connection of its own; more than are let in
	rounds   = 2
)

// TestSlowBark holds up the bark-server while Alertmanager and a crowd of
// others press. The receiver turns away what it has no room for, its
// goroutines and memory stay within bounds, and once Bark answers again, if
// slowly, each trouble rings once.
func TestSlowBark(t *testing.T) {
	t.Parallel()
	d := newDesk(t)
	d.start(`
bark: {server_url: BARK, timeout: 1s}
receivers:
  - {name: oncall, devices: [{name: ada, key_file: ada}]}
  - {name: other, devices: [{name: bo, key_file: bo, encryption: {algorithm: aes-256-gcm, key_file: aes}}]}
`)
	large, err := os.ReadFile("../../barkreceiver/testdata/golden/alerts_cut.in.json")
	d.must(err)
	held := make(chan struct{})
	d.phones.Fail(&phone.Fault{Hold: held})
	am := []string{d.alertmanager(routing(d.url + "/webhook"))}
	var all []alert
	for i := range troubles {
		all = append(all, down(fmt.Sprintf("Trouble%03d", i), "cart"))
	}
	d.fire(am, all...)

	var busy, ok atomic.Int64
	client := &http.Client{Transport: &http.Transport{MaxIdleConnsPerHost: crowd}}
	defer client.CloseIdleConnections()
	stop, watched := make(chan struct{}), make(chan peak)
	go func() { watched <- d.watch(stop) }()
	var wg sync.WaitGroup
	for i := range crowd {
		wg.Go(func() {
			for round := range rounds {
				key := fmt.Appendf(nil, `"groupKey": "%d.%d `, i, round)
				switch code := d.press(client, bytes.Replace(large, []byte(`"groupKey": "`), key, 1)); code {
				case http.StatusOK:
					ok.Add(1)
				case http.StatusServiceUnavailable:
					busy.Add(1)
				default:
					t.Errorf("answered %d", code)
				}
			}
		})
	}
	wg.Wait()
	close(stop)
	// A connection is a goroutine or two; a push under way some more.
	most := <-watched
	t.Logf("%.0f goroutines and %.0f MiB of heap at most, %d turned away", most.goroutines, most.heap/(1<<20), busy.Load())
	if most.goroutines > 2*(crowd+troubles)+4*256 || most.heap > 200<<20 {
		t.Errorf("%+v", most)
	}
	if busy.Load() == 0 || ok.Load() > 0 {
		t.Errorf("%d were turned away, %d were let in though nothing goes out", busy.Load(), ok.Load())
	}
	if n := d.metric(d.url, "alertmanager_bark_webhooks_total", "receiver=oncall", "code=503"); n == 0 {
		t.Error("Alertmanager was not turned away")
	}

	d.phones.Fail(&phone.Fault{Delay: 20 * time.Millisecond})
	close(held)
	s := d.shows(d.ada, "each trouble", func(s phone.State) bool { return len(s.Notifications) >= troubles })
	if len(s.Notifications) != troubles {
		t.Errorf("ada's phone shows %d troubles of %d", len(s.Notifications), troubles)
	}
	d.eventually("the crowd's goroutines are gone", func() (bool, error) {
		n := d.metric(d.url, "go_goroutines")
		return n < 400, fmt.Errorf("there are %.0f", n)
	})
}

// peak is the most that a receiver was seen to use.
type peak struct{ goroutines, heap float64 }

func (d *desk) watch(stop <-chan struct{}) (most peak) {
	for {
		most.goroutines = max(most.goroutines, d.metric(d.url, "go_goroutines"))
		most.heap = max(most.heap, d.metric(d.url, "go_memstats_heap_inuse_bytes"))
		select {
		case <-stop:
			return most
		case <-time.After(20 * time.Millisecond):
		}
	}
}

// press sends a message and returns the answer's status, 0 if there is none.
func (d *desk) press(client *http.Client, body []byte) int {
	req, err := http.NewRequestWithContext(d.ctx, http.MethodPost, d.url+"/webhook/other", bytes.NewReader(body))
	if err != nil {
		return 0
	}
	resp, err := client.Do(req)
	if err != nil {
		return 0
	}
	defer resp.Body.Close()
	return resp.StatusCode
}
