package chaos

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"syscall"
	"time"

	"github.com/kubebark/kubebark/test/phone"
	"github.com/kubebark/kubebark/test/testbed"
)

// take does a fault to the world, and lifts it when its time is over.
func (w *world) take(ctx context.Context, f fault) error {
	defer w.losing(f)()
	if deafens(f) {
		defer w.deaf.open()()
	}
	switch f.Kind {
	case kill, terminate, freeze:
		if p := w.program(f.On); p != nil {
			return w.hit(ctx, f, p)
		}
		return w.hitControl(ctx, f)
	case cutLine, deadLine, slowLine, closedLine:
		return w.damage(ctx, f)
	case compaction:
		return w.compact(ctx, f)
	case fullDisk:
		return w.fillDisk(ctx, f)
	case badBark:
		w.failBark(ctx, f)
		return nil
	case badClock:
		w.skew.Store(int64(time.Duration(f.With) * time.Second))
		pause(ctx, f.For)
		w.skew.Store(0)
		return nil
	case stepClock:
		w.stepClock(ctx, f)
		return nil
	}
	return w.rotate(ctx, f)
}

// losing notes when a fault keeps the receiver from knowing what Bark took.
func (w *world) losing(f fault) (end func()) {
	switch {
	case f.On == "receiver" && (f.Kind == kill || f.Kind == freeze), f.On == "bark",
		f.Kind == badBark && f.way() == 3, f.Kind == phoneKeys:
		return w.lossy.open()
	}
	return func() {}
}

// deafens tells whether an exporter may hear late of what is written meanwhile.
func deafens(f fault) bool {
	switch f.On {
	case "exporter-a", "exporter-b", "api-a", "api-b", "etcd", "kube-apiserver":
		return f.Kind != fullDisk
	}
	return f.Kind == apiCert
}

func (w *world) program(name string) *program {
	for _, p := range w.programs() {
		if p.name == name {
			return p
		}
	}
	return nil
}

// hit ends or stops a program, and waits until it is well again.
func (w *world) hit(ctx context.Context, f fault, p *program) error {
	switch f.Kind {
	case kill:
		p.kill()
	case terminate:
		if err := p.terminate(ctx); err != nil {
			return err
		}
	case freeze:
		if err := p.signal(syscall.SIGSTOP); err != nil {
			return err
		}
	}
	pause(ctx, f.For)
	if f.Kind == freeze {
		if err := p.signal(syscall.SIGCONT); err != nil {
			return err
		}
	} else if err := p.start(); err != nil {
		return err
	}
	switch lockOf(f) {
	case "alertmanagers":
		return errors.Join(p.well(ctx), w.met(ctx))
	case "prometheus":
		return errors.Join(p.well(ctx), w.scrapedOf(ctx))
	case "receiver":
		return p.well(ctx)
	}
	return nil // an exporter may be hit again before it is well
}

// scrapedOf waits until Prometheus has scraped whoever can be: a new series' 0
// must not be missed twice.
func (w *world) scrapedOf(ctx context.Context) error {
	since := float64(time.Now().UnixMilli()) / 1000
	return testbed.Poll(ctx, "until Prometheus scrapes", func(ctx context.Context) (bool, error) {
		all, err := w.ask(ctx, "timestamp(up)")
		fresh := 0
		for i := range all {
			if number(all[i].Value) > since {
				fresh++
			}
		}
		return fresh == 3, err
	})
}

// hitControl ends or stops a part of the control plane.
func (w *world) hitControl(ctx context.Context, f fault) error {
	etcd := f.On == "etcd"
	switch {
	case f.Kind == freeze:
		for _, p := range w.cp.Processes() {
			if p.Name() != f.On {
				continue
			}
			if err := p.Signal(syscall.SIGSTOP); err != nil {
				return err
			}
			pause(ctx, f.For)
			return p.Signal(syscall.SIGCONT)
		}
		return fmt.Errorf("there is no %s", f.On)
	case f.Kind == kill && etcd:
		w.cp.KillEtcd()
	case f.Kind == kill:
		w.cp.KillAPIServer()
	case etcd:
		if err := w.cp.StopEtcd(); err != nil {
			w.timeline.add("%v", err) // it was slow
		}
	default:
		if err := w.cp.StopAPIServer(); err != nil {
			w.timeline.add("%v", err)
		}
	}
	pause(ctx, f.For)
	if etcd {
		return w.cp.StartEtcd(ctx)
	}
	return w.cp.StartAPIServer(ctx)
}

// damage does something to a line.
func (w *world) damage(ctx context.Context, f fault) error {
	l := w.lines[f.On]
	switch f.Kind {
	case cutLine:
		l.Cut()
	case deadLine:
		l.Freeze()
		pause(ctx, f.For)
		l.Thaw()
	case slowLine:
		l.Slow(f.For/8, f.For/8)
		pause(ctx, f.For)
		l.Slow(0, 0)
	case closedLine:
		l.Refuse(true)
		pause(ctx, f.For)
		l.Refuse(false)
	}
	if lockOf(f) == "prometheus" {
		return w.scrapedOf(ctx)
	}
	return nil
}

// compact has etcd forget its history while an exporter is away, so that it has
// to list anew.
func (w *world) compact(ctx context.Context, f fault) error {
	w.lines[f.On].Refuse(true)
	defer w.lines[f.On].Refuse(false)
	pause(ctx, f.For)
	return w.insist(ctx, w.cp.Compact)
}

// fillDisk lets a program write no further than a little beyond the end of its
// state file, and waits until all is on the disk again.
func (w *world) fillDisk(ctx context.Context, f fault) error {
	p, state := w.program(f.On), filepath.Join(w.program(f.On).command.Dir, "state")
	if p == w.receiver {
		state = filepath.Join(w.hook.dir, "told")
	}
	room := max(0, f.With)
	if info, err := os.Stat(state); err == nil { // or it is not there yet
		room += info.Size()
	}
	if err := p.running().LimitFiles(uint64(room)); err != nil {
		return err
	}
	pause(ctx, f.For)
	if err := p.running().LimitFiles(testbed.NoLimit); err != nil {
		return err
	}
	if p == w.receiver {
		return nil
	}
	lifted := float64(time.Now().UnixMilli()) / 1000
	return testbed.Poll(ctx, "until "+p.name+" writes its state again", func(ctx context.Context) (bool, error) {
		at, err := p.metric(ctx, "kube_event_exporter_state_last_write_timestamp_seconds")
		return at > lifted, errors.Join(err, fmt.Errorf("last written at %s", strconv.FormatFloat(at, 'f', 3, 64)))
	})
}

// stepClock sets a program's own clock to another time, and right again.
func (w *world) stepClock(ctx context.Context, f fault) {
	c := w.program(f.On).clock
	if c == nil {
		return // it has none here
	}
	c.Step(time.Duration(f.With) * time.Millisecond)
	pause(ctx, f.For)
	c.Step(0)
}

// failBark has bark-server, or what stands before it, fail in one of several
// ways.
func (w *world) failBark(ctx context.Context, f fault) {
	ways := []*phone.Fault{
		nil, phone.Proxy(502, ""), phone.Proxy(429, "1"), {Drop: true, Deliver: true}, {Drop: true},
	}
	way := ways[f.way()]
	if way == nil { // what tells a device's token
		w.failLastDevices(phone.Unreachable())
		pause(ctx, f.For)
		w.failLastDevices(nil)
		return
	}
	w.phones.Fail(way)
	pause(ctx, f.For)
	w.phones.Fail(nil)
}

// failLastDevices has the last device of everybody fail, or no longer.
func (w *world) failLastDevices(with *phone.Fault) {
	for _, p := range w.people {
		p.devices[len(p.devices)-1].Fail(with)
	}
}

// way is one of five.
func (f fault) way() int64 { return (f.With%5 + 5) % 5 }
