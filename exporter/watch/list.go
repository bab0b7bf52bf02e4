package watch

import (
	"context"
	"time"

	"github.com/go-kit/log/level"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/kubebark/kubebark/exporter/occurrence"
	"github.com/kubebark/kubebark/exporter/wire"
)

const (
	pageSize = 500 // as kubectl and client-go have it
	// A request for a page that takes longer has died on the way.
	pageTimeout = 2 * time.Minute
)

// list hands all events to the handler and returns the version to watch from,
// which is that of what was handed on, or an older one.
//
// Where there are several pages that is the version of a first page, after which
// the list began anew. Its own would not do: kine, the store of k3s, says of a
// list's first page, if there are more, a later version than the page is of, and
// what was written in between would be lost.
func (w *Watcher) list(ctx context.Context) (string, error) {
	w.opts.Handler.BeginList()
	page, err := w.page(ctx, "")
	version, events := page.Version, page.Events
	if err == nil && page.Continue != "" {
		w.opts.Handler.BeginList()
		events, err = w.pages(ctx)
	}
	if err != nil {
		return "", err
	}
	level.Info(w.opts.Logger).Log("msg", "events listed; watching from here on", "events", events)
	w.opts.Handler.EndList()
	w.health.synced()
	return version, nil
}

// pages hands all events to the handler, by the page, and returns how many there
// were. A continue token may expire; the list then begins again, for one of two
// moments would miss what changed between them.
func (w *Watcher) pages(ctx context.Context) (events int, err error) {
	for token := ""; ; {
		page, err := w.page(ctx, token)
		if err != nil {
			return 0, err
		}
		events += page.Events
		if token = page.Continue; token == "" {
			return events, nil
		}
	}
}

// page hands the events of one page to the handler.
func (w *Watcher) page(ctx context.Context, token string) (wire.Page, error) {
	body, err := w.get(ctx, &metav1.ListOptions{Limit: pageSize, Continue: token, ShardSelector: w.selector()})
	if err != nil {
		return wire.Page{}, err
	}
	page, err := w.decoder.Page(body, func(e *occurrence.Event) {
		if w.opts.Shard.has(e) {
			w.opts.Handler.Event(Listed, e)
		}
	})
	if err != nil {
		return wire.Page{}, err
	}
	w.opts.Shard.answered(page.Shard)
	w.health.progress()
	return page, nil
}

// version returns the version that the server is at.
func (w *Watcher) version(ctx context.Context) (string, error) {
	body, err := w.get(ctx, &metav1.ListOptions{Limit: 1})
	if err != nil {
		return "", err
	}
	page, err := w.decoder.Page(body, func(*occurrence.Event) {})
	return page.Version, err
}

func (w *Watcher) get(ctx context.Context, opts *metav1.ListOptions) ([]byte, error) {
	ctx, cancel := context.WithTimeout(ctx, pageTimeout)
	defer cancel()
	answer := w.request(opts).Do(ctx)
	if err := answer.Error(); err != nil { // with what the server says, which Raw leaves out
		return nil, err
	}
	return answer.Raw()
}
