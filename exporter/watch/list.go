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
// which is older than what was handed on, or the same. The list's own version
// would not do: kine, the store of k3s, gives of a list of several pages a later
// one than its first page is of, and what was written in between would be lost.
func (w *Watcher) list(ctx context.Context) (string, error) {
	before, err := w.version(ctx)
	if err != nil {
		return "", err
	}
	w.opts.Handler.BeginList()
	opts := metav1.ListOptions{Limit: pageSize, ShardSelector: w.selector()}
	events := 0
	for {
		page, err := w.page(ctx, &opts, w.listed)
		if err != nil {
			// A continue token may expire; the list then begins again, for one
			// of two moments would miss what changed between them.
			return "", err
		}
		events += page.Events
		w.opts.Shard.answered(page.Shard)
		w.health.progress()
		if page.Continue == "" {
			level.Info(w.opts.Logger).Log("msg", "events listed; watching from here on", "events", events)
			w.opts.Handler.EndList()
			w.health.synced()
			return before, nil
		}
		opts.Continue = page.Continue
	}
}

// version returns the version that the server is at.
func (w *Watcher) version(ctx context.Context) (string, error) {
	p, err := w.page(ctx, &metav1.ListOptions{Limit: 1}, func(*occurrence.Event) {})
	return p.Version, err
}

func (w *Watcher) listed(e *occurrence.Event) {
	if w.opts.Shard.has(e) {
		w.opts.Handler.Event(Listed, e)
	}
}

// page calls f with the events of one page.
func (w *Watcher) page(ctx context.Context, opts *metav1.ListOptions, f func(*occurrence.Event)) (wire.Page, error) {
	ctx, cancel := context.WithTimeout(ctx, pageTimeout)
	defer cancel()
	answer := w.request(opts).Do(ctx)
	if err := answer.Error(); err != nil { // with what the server says, which Raw leaves out
		return wire.Page{}, err
	}
	body, err := answer.Raw()
	if err != nil {
		return wire.Page{}, err
	}
	return w.decoder.Page(body, f)
}
