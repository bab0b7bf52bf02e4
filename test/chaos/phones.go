package chaos

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"time"

	"github.com/kubebark/kubebark/test/phone"
)

// lostFor is how long after a push reached a phone its answer may be lost on the
// way to the receiver, or to its file.
const lostFor = barkTimeout + 5*time.Second

// abandoned is how long after the receiver has given up on a push it may still
// arrive, from a line that was dead or slow.
const abandoned = 5 * time.Second

// A person is a receiver's, with one phone at a time: a new key is to
// bark-server another device.
type person struct {
	name, receiver string
	sealed         bool // pushes are encrypted

	devices []*phone.Device // the last is in use
}

func (p *person) encryption() string {
	if !p.sealed {
		return ""
	}
	return fmt.Sprintf(", encryption: {algorithm: aes-256-gcm, key_file: keys/%s.aes}", p.name)
}

// newKeys gives everybody a new device key and a new encryption key, and puts
// them into the receiver's folder in one step.
func (w *world) newKeys() error {
	n := len(w.people[0].devices) + 1
	name := fmt.Sprintf("keys-%d", n)
	dir := filepath.Join(w.hook.dir, name)
	if err := os.Mkdir(dir, 0o700); err != nil {
		return fmt.Errorf("make keys: %w", err)
	}
	for _, p := range w.people {
		o := phone.DeviceOptions{
			Name: fmt.Sprintf("%s/%d", p.name, n), Key: w.secrets.make("a device key of "+p.name, 22),
			Token: w.secrets.make("a device token of "+p.name, 64),
		}
		files := map[string]string{p.name: o.Key}
		if p.sealed {
			o.Cipher = phone.Cipher{Algorithm: "aes-256-gcm", Key: w.secrets.make("an encryption key of "+p.name, 32)}
			files[p.name+".aes"] = o.Cipher.Key
		}
		for file, text := range files {
			if err := os.WriteFile(filepath.Join(dir, file), []byte(text+"\n"), 0o600); err != nil {
				return fmt.Errorf("make keys: %w", err)
			}
		}
		p.devices = append(p.devices, w.phones.AddDevice(o))
	}
	next := filepath.Join(w.hook.dir, "keys.next")
	if err := os.Symlink(name, next); err != nil {
		return fmt.Errorf("make keys: %w", err)
	}
	return os.Rename(next, filepath.Join(w.hook.dir, "keys"))
}

// revoke has bark-server refuse the keys that everybody had before, naming them
// as it does.
func (w *world) revoke() {
	for _, p := range w.people {
		old := p.devices[len(p.devices)-2]
		old.Fail(&phone.Fault{
			Code: 400, Message: "failed to get device token: failed to get [" + old.Key() + "] device token from database",
		})
	}
}

// arrival is a push on a phone.
type arrival struct {
	at     time.Time
	firing bool
}

// register is all that phones were told, and what of it should not have been.
type register struct {
	lossy *windows

	mu       sync.Mutex
	troubles map[string]*trouble
	pushes   int
	excused  int
	strained int // pushes about troubles that could not be written or heard of for too long
	quiet    time.Duration
}

// watchPhones takes in what comes to the phones until ctx is done.
func (w *world) watchPhones(ctx context.Context, r *register) {
	for seq := 0; ; {
		changed := w.phones.Changed()
		for _, e := range w.phones.Events(seq) {
			seq = e.Seq
			if e.Kind != phone.Shown && e.Kind != phone.Updated {
				continue
			}
			if err := r.take(e); err != nil {
				w.timeline.add("BROKEN: %v", err)
				w.fail(err)
			}
		}
		select {
		case <-ctx.Done():
			return
		case <-changed:
		}
	}
}

func (r *register) take(e phone.Event) error {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.pushes++
	who, _, _ := strings.Cut(e.Device, "/")
	if e.Notification.Failed {
		return fmt.Errorf("%s's phone could not decrypt a push", who)
	}
	state, name, _ := strings.Cut(e.Notification.Title, " ")
	t := r.troubles[name]
	if t == nil || state != "firing" && state != "resolved" {
		return fmt.Errorf("%s's phone shows %q, which is no trouble's", who, e.Notification.Title)
	}
	a := arrival{at: e.Time, firing: state == "firing"}
	err := r.judge(who, t, a)
	t.pushes[who] = append(t.pushes[who], a)
	return err
}

// What may be wrong with a push.
const (
	back    = "fires again after its end"
	twice   = "comes twice"
	unheard = "is over for the phone, which did not know of it"
	early   = "is over for the phone, and lasts"
)

// judge tells what is wrong with a push, and for what there is no excuse.
func (r *register) judge(who string, t *trouble, a arrival) error {
	same, other, lost := r.before(t.pushes[who], a)
	// Nobody could refresh it: it was over and is back.
	t.strained = t.strained || t.over.IsZero() && a.at.Sub(t.written) > r.quiet/3
	switch wrong := t.wrong(a, same, other); {
	case wrong == "":
	case t.strained && wrong != early:
		r.strained++
	case lost && (wrong == twice || wrong == back):
		r.excused++
	default:
		return fmt.Errorf("%s: the push %v on %s's phone %s; before came %v", t, a, who, wrong, t.pushes[who])
	}
	return nil
}

// before tells whether the phone had such a push before, whether it had one of
// the other state, and whether it may be forgotten that it had one.
func (r *register) before(pushes []arrival, a arrival) (same, other, lost bool) {
	for _, b := range pushes {
		same, other = same || b.firing == a.firing, other || b.firing != a.firing
		lost = lost || r.lossy.meet(b.at.Add(-abandoned), b.at.Add(lostFor))
	}
	return same, other, lost
}

// wrong is what is wrong with a push after others; "" for nothing.
func (t *trouble) wrong(a arrival, same, other bool) string {
	switch {
	case a.firing && other:
		return back
	case same:
		return twice
	case !a.firing && !other:
		return unheard
	case !a.firing && t.over.IsZero():
		return early
	}
	return ""
}

func (a arrival) String() string {
	state := "resolved"
	if a.firing {
		state = "firing"
	}
	return state + " at " + a.at.UTC().Format("15:04:05.000")
}
