package barkreceiver

import (
	"bytes"
	"encoding/json"
	"fmt"
	"hash/crc32"
	"time"

	"github.com/kubebark/kubebark/barkreceiver/config"
	"github.com/kubebark/kubebark/barkreceiver/dedup"
	"github.com/kubebark/kubebark/barkreceiver/push"
	"github.com/kubebark/kubebark/barkreceiver/render"
	"github.com/kubebark/kubebark/barkreceiver/seal"
	"github.com/kubebark/kubebark/barkreceiver/webhook"
)

// parcel is a push for the devices that get the same.
type parcel struct {
	params  push.Params
	fits    func(*push.Params) bool
	devices []*config.Device
}

// plan is what a message comes to for a receiver.
type plan struct {
	receiver  *config.Receiver
	fallback  *plan // who is told if the receiver's devices cannot be; maybe nil
	id        string
	parcels   []parcel // none if the receiver is not told
	state     dedup.State
	truncated bool
	heartbeat bool // it is a sign of life and nothing else
	faults    []*render.FaultError
}

// newPlan renders a message. Encrypted pushes have less room, so they are
// rendered for themselves.
func newPlan(r *config.Receiver, in render.Input) plan {
	p := plan{receiver: r, id: r.Renderer().ID(in.Message)}
	p.state = newsOf(in.Message)
	var plain, sealed []*config.Device
	for _, d := range r.Devices {
		if d.Sealer() != nil {
			sealed = append(sealed, d)
			continue
		}
		plain = append(plain, d)
	}
	p.add(in, (*push.Params).Fits, plain)
	p.add(in, seal.Fits, sealed)
	return p
}

// newsOf is what a message tells, whatever its texts.
func newsOf(m *webhook.Message) dedup.State {
	st := dedup.State{Digest: render.Digest(m), Newest: render.Newest(m), Repeat: m.Repeat(), Over: m.AllResolved()}
	for _, a := range m.Alerts {
		if a.Status == webhook.Firing {
			st.Firing = append(st.Firing, dedup.Alert{Key: crc32.ChecksumIEEE([]byte(render.Fingerprint(a))), Began: a.StartsAt})
		}
	}
	return st
}

func (p *plan) add(in render.Input, fits func(*push.Params) bool, devices []*config.Device) {
	if len(devices) == 0 {
		return
	}
	in.Fits = fits
	out, ok := p.receiver.Renderer().Render(in)
	if !ok {
		return
	}
	local := in.Now.In(p.receiver.Location())
	var loud, quiet []*config.Device
	for _, d := range devices {
		if d.Quiet(out.Severity, local) {
			quiet = append(quiet, d)
			continue
		}
		loud = append(loud, d)
	}
	p.put(&out, fits, loud)
	out.Params = hush(out.Params)
	out.Faults = nil // noted with the one that is loud
	p.put(&out, fits, quiet)
}

// hush returns a push that makes no noise.
func hush(p push.Params) push.Params {
	if p.Delete == "" {
		p.Level, p.Volume, p.Call = "passive", "", ""
	}
	return p
}

func (p *plan) put(out *render.Output, fits func(*push.Params) bool, devices []*config.Device) {
	p.faults = append(p.faults, out.Faults...)
	if len(devices) == 0 {
		return
	}
	p.truncated = p.truncated || out.Truncated
	p.parcels = append(p.parcels, parcel{params: out.Params, fits: fits, devices: devices})
}

// oversizePlan tells of a message that is too large to read.
func oversizePlan(r *config.Receiver, now time.Time) plan {
	out := r.Renderer().Oversize(now)
	p := plan{receiver: r, id: out.Params.ID, state: dedup.State{Digest: "too large", Over: true}}
	p.put(&out, seal.Fits, r.Devices)
	return p
}

// Requests returns the requests to Bark that a message comes to, as JSON with
// the keys masked. Encrypted pushes are shown before their encryption.
func Requests(r *config.Receiver, in render.Input) ([]json.RawMessage, error) {
	p := newPlan(r, in)
	all := []json.RawMessage{}
	for _, parcel := range p.parcels {
		for _, d := range parcel.devices {
			req := struct {
				Device    string   `json:"device"`
				Key       push.Key `json:"device_key"`
				Encrypted string   `json:"encrypted,omitempty"`
				push.Params
			}{Device: d.Name, Key: d.Key(), Params: parcel.params}
			if d.Encryption != nil {
				req.Encrypted = d.Encryption.Algorithm
			}
			text := new(bytes.Buffer)
			enc := json.NewEncoder(text)
			enc.SetEscapeHTML(false) // for people
			if err := enc.Encode(req); err != nil {
				return nil, fmt.Errorf("encode request: %w", err)
			}
			all = append(all, text.Bytes())
		}
	}
	if len(p.faults) > 0 {
		return all, p.faults[0]
	}
	return all, nil
}
