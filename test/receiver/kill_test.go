package receiver

import (
	"bytes"
	"context"
	"fmt"
	"math/rand/v2"
	"net/http"
	"os"
	"path/filepath"
	"sync"
	"testing"
	"time"

	"github.com/kubebark/kubebark/test/phone"
)

const twoPhones = `
bark: {server_url: BARK, timeout: 10s}
receivers:
  - name: oncall
    devices: [{name: ada, key_file: ada}, {name: bo, key_file: bo, encryption: {algorithm: aes-256-gcm, key_file: aes}}]
`

// TestKilledWhileOnePhoneWaits kills the receiver when one phone has its push
// and the other's is still on its way: the retry must not ring the first.
func TestKilledWhileOnePhoneWaits(t *testing.T) {
	t.Parallel()
	d := newDesk(t)
	state := filepath.Join(d.dir, "state")
	d.start(twoPhones, "--state.file="+state)
	stuck := make(chan struct{})
	d.bo.Fail(&phone.Fault{Hold: stuck})
	answer := make(chan error, 1)
	go func() {
		_, _, err := call(d.ctx, http.MethodPost, d.url+"/webhook", group("Kill"))
		answer <- err
	}()
	d.eventually("what ada was told is on file, and bo waits", func() (bool, error) {
		text, err := os.ReadFile(state)
		return bytes.Count(text, []byte(`"digest"`)) == 1 && len(d.bo.Requests()) == 1, err
	})
	d.Kill()
	if <-answer == nil {
		t.Error("the webhook was answered by a dead receiver")
	}
	close(stuck)
	d.bo.Fail(nil)
	d.again()
	code, text, err := call(d.ctx, http.MethodPost, d.url+"/webhook", group("Kill"))
	if code != http.StatusOK || err != nil {
		t.Errorf("the retry: %d %s %v", code, text, err)
	}
	if n := d.ada.State().Sounds; n != 1 {
		t.Errorf("ada's phone rang %d times", n)
	}
	// Nobody knew of bo's, so it had to be tried again.
	if s := d.bo.State(); len(s.Notifications) != 1 || s.Sounds > 2 {
		t.Errorf("bo's phone rang %d times and shows %+v", s.Sounds, s.Notifications)
	}
}

// TestKilledAtRandom kills the receiver again and again under load. Every
// trouble rings; a kill makes those ring again at most that were on their way
// just then, in the same place on the screen; and what was answered never does.
func TestKilledAtRandom(t *testing.T) {
	const (
		kills = 8
		hands = 4 // messages under way
	)
	t.Parallel()
	d := newDesk(t)
	d.start(twoPhones, "--state.file="+filepath.Join(d.dir, "state"))
	ctx, stop := context.WithCancel(d.ctx)
	var senders sync.WaitGroup
	sent := make([]int, hands)
	for hand := range hands {
		senders.Go(func() {
			for ctx.Err() == nil {
				d.deliver(group(fmt.Sprintf("Trouble%dx%d", hand, sent[hand])))
				sent[hand]++
			}
		})
	}
	for range kills {
		before := d.ada.State().Received
		d.shows(d.ada, "another push", func(s phone.State) bool { return s.Received > before })
		<-time.After(rand.N(20 * time.Millisecond)) // the instant is what is tried
		d.Kill()
		d.again()
	}
	stop()
	senders.Wait()
	total := 0
	for _, n := range sent {
		total += n
	}
	for _, p := range []*phone.Device{d.ada, d.bo} {
		s := p.State()
		again := s.Sounds - total
		t.Logf("%s: %d troubles, %d kills, %d rang again", p.Name(), total, kills, again)
		if len(s.Notifications) != total || again < 0 || again > kills*hands {
			t.Errorf("%s's phone shows %d of %d troubles and rang %d times", p.Name(), len(s.Notifications), total, s.Sounds)
		}
	}
	// What Alertmanager was told is delivered is known after all these kills.
	before := d.ada.State().Sounds
	for hand, n := range sent {
		for i := range n {
			d.deliver(group(fmt.Sprintf("Trouble%dx%d", hand, i)))
		}
	}
	if again := d.ada.State().Sounds - before; again != 0 {
		t.Errorf("%d troubles rang again though they were answered", again)
	}
}

// deliver sends a message until it is answered with 200, as Alertmanager does.
func (d *desk) deliver(body string) {
	for d.ctx.Err() == nil {
		code, _, err := call(d.ctx, http.MethodPost, d.url+"/webhook", body)
		if err == nil && code == http.StatusOK {
			return
		}
		select {
		case <-d.ctx.Done():
		case <-time.After(10 * time.Millisecond):
		}
	}
}
