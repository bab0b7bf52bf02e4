package barkreceiver

import (
	"context"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/go-kit/log/level"

	"github.com/kubebark/kubebark/barkreceiver/config"
	"github.com/kubebark/kubebark/barkreceiver/push"
	"github.com/kubebark/kubebark/barkreceiver/render"
)

// told is what became of a push to a device.
type told struct {
	device    *config.Device
	duplicate bool
	push.Result
}

func (t told) outcome() string {
	if t.duplicate {
		return duplicate
	}
	return t.Outcome.String()
}

func (t told) String() string {
	s := t.device.Name + ": " + t.outcome()
	if t.Detail != "" {
		s += " (" + t.Detail + ")"
	}
	return s
}

// deliver pushes a plan and returns the answer to Alertmanager: its text, and
// an error where it is not 200.
func (a *App) deliver(ctx context.Context, st *state, p *plan) (string, error) {
	if len(p.parcels) == 0 {
		return "this receiver is not told of resolved groups\n", nil
	}
	wait, cancel := context.WithTimeout(ctx, maxWait)
	defer cancel()
	busy := fail(http.StatusServiceUnavailable, "too many pushes are under way; come back later")
	select {
	case a.turns <- struct{}{}:
		defer func() { <-a.turns }()
	case <-wait.Done():
		a.metrics.busy.Inc()
		return "", busy
	}
	unlock, err := a.told.Lock(wait, p.parcels[0].params.ID)
	if err != nil {
		a.metrics.busy.Inc()
		return "", busy
	}
	defer unlock()
	// A push that is under way is finished even when Alertmanager hangs up:
	// else it would ring again without anybody knowing that it had.
	all := a.pushAll(context.WithoutCancel(ctx), st, p)
	return a.answer(p, all)
}

func (a *App) pushAll(ctx context.Context, st *state, p *plan) []told {
	all := make([][]told, len(p.parcels))
	var wg sync.WaitGroup
	for i := range p.parcels {
		wg.Go(func() { all[i] = a.pushParcel(ctx, st, p, &p.parcels[i]) })
	}
	wg.Wait()
	return slices.Concat(all...)
}

// pushParcel sends a push to those of its devices that were not told the same
// already.
func (a *App) pushParcel(ctx context.Context, st *state, p *plan, parcel *parcel) []told {
	var all []told
	var news []*config.Device
	for _, d := range parcel.devices {
		if a.told.Has(deviceID(st, d), parcel.params.ID, p.state) {
			all = append(all, told{device: d, duplicate: true})
			continue
		}
		news = append(news, d)
	}
	sent := a.send(ctx, st, &parcel.params, news)
	var large []*config.Device
	sent = slices.DeleteFunc(sent, func(t told) bool {
		if t.TooLarge {
			large = append(large, t.device)
		}
		return t.TooLarge
	})
	if len(large) > 0 {
		// A server that adds more of its own than is known; once more with
		// room to spare.
		level.Warn(a.logger).Log("msg", "a push was too large", "receiver", p.receiver.Name, "size", parcel.params.Size())
		small := render.Cut(parcel.params, func(p *push.Params) bool { return parcel.fits(p) && p.Size() < push.MaxPayload*2/3 })
		a.metrics.truncated.WithLabelValues(p.receiver.Name).Inc()
		sent = append(sent, a.send(ctx, st, &small, large)...)
	}
	for _, t := range sent {
		if t.Outcome == push.Delivered {
			a.told.Record(deviceID(st, t.device), parcel.params.ID, p.state)
		}
	}
	return append(all, sent...)
}

// deviceID stands for a device whatever it is called.
func deviceID(st *state, d *config.Device) string { return st.server + " " + d.Push().Key.Hash() }

// send pushes to devices: to those without encryption together, to the others
// each for itself.
func (a *App) send(ctx context.Context, st *state, params *push.Params, devices []*config.Device) []told {
	var wg sync.WaitGroup
	all := make([]told, len(devices))
	var open []int
	for i, d := range devices {
		all[i].device = d
		if d.Sealer() == nil {
			open = append(open, i)
			continue
		}
		wg.Go(func() {
			sealed, err := d.Sealer().Seal(params)
			if err != nil {
				all[i].Result = push.Result{Outcome: push.Refused, Detail: err.Error()}
				return
			}
			all[i].Result = st.client.Push(ctx, sealed, []push.Device{d.Push()})[0]
		})
	}
	targets := make([]push.Device, len(open))
	for i, j := range open {
		targets[i] = devices[j].Push()
	}
	for i, r := range st.client.Push(ctx, params, targets) {
		all[open[i]].Result = r
	}
	wg.Wait()
	return all
}

// answer counts and tells what became of a message, and turns it into the
// answer: come back if that may help a device, and do not think anybody was
// told if nobody was.
func (a *App) answer(p *plan, all []told) (string, error) {
	var lines []string
	count := map[string]int{}
	for _, t := range all {
		count[t.outcome()]++
		a.metrics.pushes.WithLabelValues(p.receiver.Name, t.outcome()).Inc()
		lines = append(lines, t.String())
		if t.Outcome != push.Delivered && !t.duplicate && !t.Held {
			level.Warn(a.logger).Log("msg", "push failed", "receiver", p.receiver.Name, "device", t.device.Name, "outcome", t.outcome(), "err", t.Detail)
		}
	}
	text := strings.Join(lines, "\n")
	switch {
	case count["retry"] > 0:
		return "", fail(http.StatusServiceUnavailable, "%s", text)
	case count["delivered"]+count[duplicate] == 0:
		return "", fail(http.StatusUnprocessableEntity, "%s", text)
	}
	level.Debug(a.logger).Log("msg", "delivered", "receiver", p.receiver.Name, "id", p.parcels[0].params.ID, "devices", fmt.Sprint(len(all)))
	return text + "\n", nil
}

// SendTest pushes a title and a body to a receiver's devices and returns what
// became of it, a line for each, and whether all have it.
func SendTest(ctx context.Context, c *config.Config, r *config.Receiver, title, body string) (lines []string, ok bool, err error) {
	a, err := newTester(c)
	if err != nil {
		return nil, false, err
	}
	st := a.state.Load()
	defer st.client.Close()
	params := render.Cut(push.Params{Title: title, Body: body, Group: "test"}, func(p *push.Params) bool { return p.Fits() })
	ctx, cancel := context.WithTimeout(ctx, 2*time.Duration(c.Bark.Timeout))
	defer cancel()
	ok = true
	for _, t := range a.send(ctx, st, &params, r.Devices) {
		lines = append(lines, t.String())
		ok = ok && t.Outcome == push.Delivered
	}
	return lines, ok, nil
}
