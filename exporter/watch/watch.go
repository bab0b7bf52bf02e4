// Package watch lists and watches Event objects and hands each state of each
// to a [Handler], without a gap.
//
// A [Watcher] lists in pages, which are handed on as they come and never held
// together, and then watches from the list's version, or from one that is a
// little older, so that some states come twice: not every store tells truly of
// which version a page is. When the stream ends it goes on from the last version
// it saw; only when the server no longer knows that version does it list again,
// and the handler, which compares counts, finds what was missed. Events have no
// watch cache in the API server: a quiet stream sends nothing at all, so silence is
// no sign of sickness.
package watch

import (
	"context"
	"fmt"
	"math/rand/v2"
	"time"

	"github.com/go-kit/log"
	"github.com/go-kit/log/level"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/util/resourceversion"
	"k8s.io/client-go/rest"

	"github.com/kubebark/kubebark/exporter/occurrence"
	"github.com/kubebark/kubebark/exporter/wire"
	"github.com/kubebark/kubebark/internal/backoff"
)

// Kind says in which way an event came.
type Kind uint8

// The ways in which an event comes.
const (
	Listed Kind = iota
	Added
	Modified
	Deleted
)

// Handler takes what a watcher finds, one call after another. After a list it may
// get states that are older than what the list held, or the same. A watcher waits
// for it: there is no queue between them, and so nothing to overflow.
type Handler interface {
	// BeginList tells that a list begins, anew if one was broken off.
	BeginList()
	// Event takes the state of an event. It may keep e's strings but not e.
	Event(k Kind, e *occurrence.Event)
	// EndList tells that the list is complete.
	EndList()
}

// Options are the options of [New].
type Options struct {
	Client         rest.Interface
	ParameterCodec runtime.ParameterCodec
	Namespace      string // "" for all
	Handler        Handler
	Logger         log.Logger
	Metrics        *Metrics
	Health         *Health
	Shard          *Shard // nil for the whole
}

// Watcher lists and watches the events of one namespace or of all.
type Watcher struct {
	opts    Options
	health  *stream
	decoder wire.Decoder
	backoff backoff.Backoff
	said    string // the last error that was logged as such

	unselected bool // the server does not take the shard's selector
}

const (
	// The server ends a watch after a while that it is asked for, between this
	// and twice as much, as client-go's reflector asks.
	watchTimeout = 5 * time.Minute
	// deadlineSlack is how much longer we wait for it to do so.
	deadlineSlack = 30 * time.Second
	// An end is ordinary every few minutes. After less than this it is not, and
	// the watch begins anew with pauses that grow.
	short = 2 * time.Second
)

// New returns a watcher.
func New(o Options) *Watcher {
	return &Watcher{
		opts:    o,
		health:  o.Health.add(o.Namespace),
		backoff: backoff.Backoff{Min: 500 * time.Millisecond, Max: 30 * time.Second},
	}
}

// Run lists and watches until ctx is done. No failure ends it: an API server
// that is not there or says no is tried again.
func (w *Watcher) Run(ctx context.Context) error {
	for ctx.Err() == nil {
		version, err := w.list(ctx)
		if w.refused(err) {
			continue
		}
		if err != nil {
			w.pause(ctx, fmt.Errorf("list events: %w", err))
			continue
		}
		w.follow(ctx, version)
	}
	return nil
}

func (w *Watcher) request(opts *metav1.ListOptions) *rest.Request {
	return w.opts.Client.Get().
		NamespaceIfScoped(w.opts.Namespace, w.opts.Namespace != "").
		Resource("events").
		VersionedParams(opts, w.opts.ParameterCodec).
		MaxRetries(0) // we space tries out, count them and say why
}

// follow watches from version on until the server no longer knows where we
// are, or ctx is done.
func (w *Watcher) follow(ctx context.Context, version string) {
	for failed := false; ctx.Err() == nil; {
		begun := time.Now()
		next, err := w.resume(ctx, version, failed)
		renewed := w.health.disconnected()
		failed = err != nil && !renewed
		if ctx.Err() != nil {
			return
		}
		version = next
		lived := time.Since(begun)
		if lived >= w.backoff.Max {
			w.backoff.Reset() // what there was before is over
		}
		switch {
		case renewed:
			level.Debug(w.opts.Logger).Log("msg", "watching anew, to see that a quiet watch is alive")
		case expired(err):
			w.opts.Metrics.restarts.WithLabelValues("expired").Inc()
			level.Info(w.opts.Logger).Log("msg", "the API server does not know where the watch was; listing again", "err", err)
			if lived < short { // or a server that says so always would be asked for list after list
				w.pause(ctx, fmt.Errorf("watch events: %w", err))
			}
			return
		case err != nil:
			w.opts.Metrics.restarts.WithLabelValues("error").Inc()
			w.pause(ctx, fmt.Errorf("watch events: %w", err))
		default:
			w.opts.Metrics.restarts.WithLabelValues("closed").Inc()
			if lived < short {
				w.pause(ctx, fmt.Errorf("watch events: closed by the server after %s", lived.Round(time.Millisecond)))
			}
		}
	}
}

// resume watches on. After a failure it makes sure that the server is not at an
// older version: one whose storage was restored, for which it must have been down,
// takes a version that it has not come to yet, and keeps silent until it has.
func (w *Watcher) resume(ctx context.Context, version string, failed bool) (string, error) {
	if failed {
		now, err := w.version(ctx)
		if err != nil {
			return version, err
		}
		if order, err := resourceversion.CompareResourceVersion(now, version); err == nil && order < 0 {
			return version, fmt.Errorf("%w: it is at version %s, and was at %s", errRestored, now, version)
		}
	}
	return w.stream(ctx, version)
}

// stream watches once. It returns the version to go on from, and no error if
// the stream simply ended.
func (w *Watcher) stream(ctx context.Context, version string) (string, error) {
	timeout := watchTimeout + rand.N(watchTimeout) //nolint:gosec // spacing needs no secrecy
	ctx, cancel := context.WithTimeout(ctx, timeout+deadlineSlack)
	defer cancel()
	w.health.beginning(cancel)
	seconds := int64(timeout / time.Second)
	body, err := w.request(&metav1.ListOptions{
		Watch: true, ResourceVersion: version, AllowWatchBookmarks: true, TimeoutSeconds: &seconds, ShardSelector: w.selector(),
	}).Stream(ctx)
	if err != nil {
		return version, err
	}
	defer body.Close()
	w.health.connected(timeout)
	frames := w.decoder.Frames(body)
	for {
		f, err := frames.Next()
		if err != nil {
			return version, ending(err)
		}
		w.opts.Metrics.count(f.Type)
		if f.Event == nil {
			return version, apierrors.FromObject(f.Status)
		}
		if k, ok := kindOf(f.Type); ok && w.opts.Shard.has(f.Event) {
			w.opts.Handler.Event(k, f.Event)
			w.recovered()
		}
		w.health.progress()
		version = f.Version
	}
}

// pause says what is wrong, the same only once, and waits: as long as the
// server asks for, at least as long as the back-off.
func (w *Watcher) pause(ctx context.Context, err error) {
	if ctx.Err() != nil {
		return
	}
	w.health.failed(err)
	d := w.backoff.Next()
	if s, ok := apierrors.SuggestsClientDelay(err); ok {
		d = max(d, time.Duration(s)*time.Second)
	}
	l := level.Debug(w.opts.Logger)
	if text := err.Error(); text != w.said {
		w.said = text
		l = level.Warn(w.opts.Logger)
	}
	l.Log("msg", "no events for now", "err", err, "retry_in", d.Round(time.Millisecond))
	_ = backoff.Sleep(ctx, d) // the caller looks at ctx
}

// recovered tells that an event has come. A list alone is no sign that a watch
// will live.
func (w *Watcher) recovered() {
	w.backoff.Reset()
	if w.said != "" {
		w.said = ""
		level.Info(w.opts.Logger).Log("msg", "events come again")
	}
}
