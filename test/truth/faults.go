package truth

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"time"

	apierrors "k8s.io/apimachinery/pkg/api/errors"

	"github.com/kubebark/kubebark/test/fakeapi"
)

// take takes a step of the schedule, and takes it back when its time is over.
func (w *world) take(ctx context.Context, st step) error {
	switch st.Do {
	case cutStreams:
		w.server.Cut(st.With)
	case manyStreams:
		for range st.With {
			w.server.Cut(0)
			pause(ctx, 150*time.Millisecond)
		}
	case endStreams:
		w.server.Interrupt(nil)
	case gone:
		w.server.Interrupt(fakeapi.Expired())
	case lostPrev:
		w.server.Interrupt(fakeapi.LostPrevious())
	case forget:
		w.store.Compact()
	case throttle:
		w.server.Reject(st.With, fakeapi.TooManyRequests(1))
		w.server.Cut(0)
	case fail:
		e := apierrors.NewInternalError(errors.New("etcdserver: leader changed"))
		e.ErrStatus.Code = http.StatusInternalServerError
		w.server.Reject(st.With, e)
		w.server.Cut(0)
	case slowScrape:
		if !w.schedule.Kind.Pair { // it would miss a new series' 0
			w.scrapers[0].dawdle.Store(int64(st.For))
		}
	default:
		return w.takeLonger(ctx, st)
	}
	return nil
}

func (w *world) takeLonger(ctx context.Context, st step) error {
	switch st.Do {
	case refuse, compact:
		w.server.Refuse()
		pause(ctx, st.For/2)
		if st.Do == compact {
			w.store.Compact()
		}
		pause(ctx, st.For/2)
		return w.server.Accept()
	case freeze:
		w.server.Freeze()
		pause(ctx, st.For)
		w.server.Thaw()
	case slow:
		w.server.Slow(st.With)
		pause(ctx, st.For)
		w.server.Slow(0)
	case fullDisk, noDisk:
		return w.disk.fail(ctx, st)
	case kill, terminate:
		e := w.exporters[st.With]
		if err := w.stop(e, st.Do == kill); err != nil {
			return err
		}
		pause(ctx, st.For)
		return e.start()
	case moveAfter, moveCrashed:
		return w.move(ctx, st)
	case killAndCut:
		w.server.Freeze()
		pause(ctx, st.For/2)
		e := w.exporters[st.With]
		err := w.stop(e, true)
		pause(ctx, st.For/2)
		w.server.Thaw()
		return errors.Join(err, e.start())
	default:
		return fmt.Errorf("no such fault: %q", st.Do)
	}
	return nil
}

// stop ends an exporter. What it has shown that is not on the disk it takes with
// it.
func (w *world) stop(e *exporter, crash bool) error {
	err := e.stop(crash)
	w.ledger.ended()
	return err
}

// move ends the exporter and begins another, which Prometheus scrapes as
// another target. It does so between two scrapes: what a scrape has taken that
// never arrived would be lost, for it was served.
func (w *world) move(ctx context.Context, st step) error {
	sc := w.scrapers[0]
	sc.scraping.Lock()
	defer sc.scraping.Unlock()
	if err := w.exporter.stop(st.Do == moveCrashed); err != nil {
		return err
	}
	sc.retarget()
	w.exporter.rename()
	pause(ctx, st.For)
	return w.exporter.start()
}
