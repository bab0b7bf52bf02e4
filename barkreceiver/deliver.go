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
	"github.com/kubebark/kubebark/barkreceiver/dedup"
	"github.com/kubebark/kubebark/barkreceiver/push"
	"github.com/kubebark/kubebark/barkreceiver/render"
)

const notTold = "this receiver is not told of resolved groups\n"

// delivery is what became of a push to a device.
type delivery struct {
	receiver  string
	device    *config.Device
	duplicate bool
	late      bool // the device knows already that it is over
	push.Result
}

func (d delivery) outcome() string {
	if d.duplicate {
		return duplicate
	}
	return d.Outcome.String()
}

func (d delivery) String() string {
	s := d.device.Name + ": " + d.outcome()
	if d.Detail != "" {
		s += " (" + d.Detail + ")"
	}
	return s
}

// deliver pushes a plan, and its fallback if that is needed, and returns the
// answer to Alertmanager: its text, and an error where it is not 200.
func (a *App) deliver(ctx context.Context, st *state, p *plan) (string, error) {
	if len(p.parcels) == 0 && p.fallback == nil {
		return notTold, nil
	}
	wait, cancel := context.WithTimeout(ctx, maxWait)
	defer cancel()
	select {
	case a.turns <- struct{}{}:
		defer func() { <-a.turns }()
	case <-wait.Done():
		return "", a.busy("pushes are under way")
	}
	all, err := a.pushAll(ctx, st, p)
	if err != nil {
		return "", err
	}
	if a.needsFallback(st, p, all, time.Now()) {
		a.metrics.fallbacks.WithLabelValues(p.receiver.Name).Inc()
		level.Warn(a.logger).Log("msg", "the fallback is told", "receiver", p.receiver.Name, "fallback", p.fallback.receiver.Name)
		a.logFaults(p.fallback)
		more, err := a.pushAll(ctx, st, p.fallback)
		if err != nil {
			return "", err
		}
		all = append(all, more...)
	}
	return a.answer(p, all)
}

func (a *App) busy(with string) error {
	a.metrics.busy.Inc()
	return fail(http.StatusServiceUnavailable, "too many %s; come back later", with)
}

// pushAll sends the pushes of a plan. Fallbacks have none, so who holds the
// lock of one waits for nobody.
func (a *App) pushAll(ctx context.Context, st *state, p *plan) ([]delivery, error) {
	wait, cancel := context.WithTimeout(ctx, maxWait)
	defer cancel()
	unlock, err := a.dedup.Lock(wait, p.id)
	if err != nil {
		return nil, a.busy("pushes are under way")
	}
	defer unlock()
	// A push that is under way is finished even when Alertmanager hangs up:
	// else it would ring again without anybody knowing that it had.
	ctx = context.WithoutCancel(ctx)
	all := make([][]delivery, len(p.parcels))
	var wg sync.WaitGroup
	for i := range p.parcels {
		wg.Go(func() { all[i] = a.pushParcel(ctx, st, p, &p.parcels[i]) })
	}
	wg.Wait()
	return slices.Concat(all...), nil
}

// pushParcel sends a push to those of its devices that were not told the same
// already, and without a sound to those that it tells nothing new.
func (a *App) pushParcel(ctx context.Context, st *state, p *plan, parcel *parcel) []delivery {
	var all []delivery
	var loud, quiet []*config.Device
	srv := st.server(p.receiver)
	for _, d := range parcel.devices {
		id := deviceID(srv, d)
		switch {
		case a.dedup.Has(id, parcel.params.ID, p.state):
			all = append(all, delivery{receiver: p.receiver.Name, device: d, duplicate: true})
		case a.dedup.Late(id, parcel.params.ID, p.state):
			all = append(all, delivery{receiver: p.receiver.Name, device: d, duplicate: true, late: true})
		case a.dedup.News(id, parcel.params.ID, p.state):
			loud = append(loud, d)
		default:
			quiet = append(quiet, d)
		}
	}
	for _, part := range []struct {
		params  push.Params
		devices []*config.Device
	}{{parcel.params, loud}, {hush(parcel.params), quiet}} {
		if len(part.devices) > 0 {
			all = append(all, a.pushNews(ctx, srv, p, part.params, parcel.fits, part.devices)...)
		}
	}
	return all
}

// pushNews sends a push to devices, and a smaller one where it is too large.
func (a *App) pushNews(ctx context.Context, srv *server, p *plan, params push.Params, fits func(*push.Params) bool, devices []*config.Device) []delivery {
	note := func(d delivery) {
		if d.Outcome == push.Delivered {
			a.record(deviceID(srv, d.device), params.ID, p.state)
		}
	}
	sent := a.send(ctx, srv, p.receiver, &params, devices, note)
	var large []*config.Device
	sent = slices.DeleteFunc(sent, func(d delivery) bool {
		if d.TooLarge {
			large = append(large, d.device)
		}
		return d.TooLarge
	})
	if len(large) > 0 {
		// A server that adds more of its own than is known; once more with
		// room to spare.
		level.Warn(a.logger).Log("msg", "a push was too large", "receiver", p.receiver.Name, "size", params.Size())
		small := render.Cut(params, func(p *push.Params) bool { return fits(p) && p.Size() < push.MaxPayload*2/3 })
		a.metrics.truncated.WithLabelValues(p.receiver.Name).Inc()
		sent = append(sent, a.send(ctx, srv, p.receiver, &small, large, note)...)
	}
	return sent
}

// record takes in what a device was told, at once: whatever happens to this
// process from now on, the device is not told again.
func (a *App) record(device, id string, st dedup.State) {
	a.noteState(a.dedup.Record(device, id, st))
}

// deviceID stands for a device whatever it is called.
func deviceID(srv *server, d *config.Device) string { return srv.url + " " + d.Key().Hash() }

// send pushes to devices: to those without encryption together, to the others
// each for itself. It calls note for each as soon as it is known what became
// of its push.
func (a *App) send(ctx context.Context, srv *server, r *config.Receiver, params *push.Params, devices []*config.Device, note func(delivery)) []delivery {
	var wg sync.WaitGroup
	all := make([]delivery, len(devices))
	became := func(i int, res push.Result) {
		all[i].Result = res
		note(all[i])
	}
	var open []int
	var targets []push.Key
	for i, d := range devices {
		all[i].receiver, all[i].device = r.Name, d
		if d.Sealer() == nil {
			open, targets = append(open, i), append(targets, d.Key())
			continue
		}
		wg.Go(func() {
			sealed, err := d.Sealer().Seal(params)
			if err != nil {
				became(i, push.Result{Outcome: push.Refused, Detail: err.Error()})
				return
			}
			srv.Push(ctx, sealed, []push.Key{d.Key()}, func(_ int, res push.Result) { became(i, res) })
		})
	}
	srv.Push(ctx, params, targets, func(j int, res push.Result) { became(open[j], res) })
	wg.Wait()
	return all
}

// answer counts and tells what became of a message, and turns it into the
// answer: come back if that may help a device, and do not think anybody was
// told if nobody was.
func (a *App) answer(p *plan, all []delivery) (string, error) {
	var lines []string
	count := map[string]int{}
	late := false
	for _, d := range all {
		count[d.outcome()]++
		late = late || d.late
		a.metrics.pushes.WithLabelValues(d.receiver, d.outcome()).Inc()
		line := d.String()
		if d.receiver != p.receiver.Name {
			line = "fallback " + d.receiver + ", " + line
		}
		lines = append(lines, line)
		if d.Outcome != push.Delivered && !d.duplicate && !d.Held {
			level.Warn(a.logger).Log("msg", "push failed", "receiver", d.receiver, "device", d.device.Name, "outcome", d.outcome(), "err", d.Detail)
		}
	}
	text := strings.Join(lines, "\n")
	switch {
	case len(all) == 0:
		return notTold, nil
	case count[push.Retry.String()] > 0:
		return "", fail(http.StatusServiceUnavailable, "%s", text)
	case count[push.Delivered.String()]+count[duplicate] == 0:
		return "", fail(http.StatusUnprocessableEntity, "%s", text)
	case late: // if it fires all the same, the next message says so again
		return "", fail(http.StatusConflict, "it was told a moment ago that this is over\n%s", text)
	}
	level.Debug(a.logger).Log("msg", "delivered", "receiver", p.receiver.Name, "id", p.id, "devices", fmt.Sprint(len(all)))
	return text + "\n", nil
}
