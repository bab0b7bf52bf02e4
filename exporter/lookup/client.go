package lookup

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"sync"
	"time"

	"github.com/go-kit/log"
	"github.com/go-kit/log/level"
	"golang.org/x/sync/singleflight"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/client-go/rest"
	"k8s.io/client-go/util/flowcontrol"

	"github.com/kubebark/kubebark/exporter/occurrence"
	"github.com/kubebark/kubebark/internal/lru"
)

const (
	defaultQPS     = 10
	defaultBurst   = 50
	defaultTimeout = 3 * time.Second

	maxAnswers = 8192
	maxChain   = 8 // owners of owners; Kubernetes's own have two

	// An owner never changes under the same name but by a successor.
	foundFor = 10 * time.Minute
	// A status changes all the time: it is only for those who ask at once.
	statusFor    = 2 * time.Second
	goneFor      = time.Minute
	forbiddenFor = 10 * time.Minute

	acceptMetadata = "application/json;as=PartialObjectMetadata;g=meta.k8s.io;v=v1"
	acceptObject   = "application/json"
)

// Options are the options of [New]. A zero limit is the default.
type Options struct {
	REST    rest.Interface
	Logger  log.Logger
	Metrics *Metrics
	QPS     float32       // requests in a second
	Burst   int           // … at once
	Timeout time.Duration // of one question, the wait for the budget included
	// Wanted is what [Client.Describe] tells.
	Wanted Wanted
}

// Client looks objects up. It is safe for concurrent use.
type Client struct {
	rest    rest.Interface
	logger  log.Logger
	metrics *Metrics
	budget  flowcontrol.RateLimiter
	timeout time.Duration
	wanted  Wanted
	flights singleflight.Group

	mu      sync.Mutex
	answers *lru.Map[string, answer]
	said    map[string]bool // resources of which it was said that they are forbidden
}

// answer is what is remembered of an object, or of a resource in a namespace
// that is forbidden.
type answer struct {
	outcome    string
	controller *occurrence.Object // nil: it has none
	pod        *pod               // nil: more than the metadata was not asked for
	about      about              // for Describe
	until      time.Time
}

// New returns a client that has asked nothing yet.
func New(o Options) *Client {
	if o.QPS <= 0 {
		o.QPS = defaultQPS
	}
	if o.Burst <= 0 {
		o.Burst = defaultBurst
	}
	if o.Timeout <= 0 {
		o.Timeout = defaultTimeout
	}
	return &Client{
		rest: o.REST, logger: o.Logger, metrics: o.Metrics, timeout: o.Timeout, wanted: o.Wanted,
		budget:  flowcontrol.NewTokenBucketRateLimiter(o.QPS, o.Burst),
		answers: lru.New[string, answer](maxAnswers), said: map[string]bool{},
	}
}

// Exists asks whether there is an object of that name, whatever is remembered.
// Of a kind that is not looked up it is not known: [ErrUnknown].
func (c *Client) Exists(ctx context.Context, o occurrence.Object) (bool, error) {
	ctx, cancel := context.WithTimeout(ctx, c.timeout)
	defer cancel()
	a, err := c.metadata(ctx, &o, true)
	return a.outcome == found, err
}

// Owner returns the controller at the end of the object's owner chain, which
// is the object itself if nothing controls it. An owner that is gone, or of a
// kind that is not looked up, ends the chain. One that we may not see is an
// error: in the middle of a chain stands what the next rollout replaces. The
// object is not found only if it is gone itself.
func (c *Client) Owner(ctx context.Context, o occurrence.Object) (owner occurrence.Object, ok bool, err error) {
	ctx, cancel := context.WithTimeout(ctx, c.timeout)
	defer cancel()
	a, err := c.metadata(ctx, &o, false)
	if err != nil || a.outcome != found {
		return occurrence.Object{}, false, err
	}
	for range maxChain {
		if a.controller == nil {
			break
		}
		o = *a.controller
		if o.Kind == "Node" {
			break // nothing controls a node
		}
		a, err = c.metadata(ctx, &o, false)
		if errors.Is(err, ErrUnknown) {
			break
		}
		if err != nil {
			return occurrence.Object{}, false, err
		}
	}
	return o, true, nil
}

// metadata returns what is known of an object; anew tells not to take it from
// memory.
func (c *Client) metadata(ctx context.Context, o *occurrence.Object, anew bool) (answer, error) {
	r, path, err := find(o)
	if err != nil {
		return answer{}, err
	}
	if !anew {
		if a, ok := c.remembered(path); ok {
			c.metrics.count(cached)
			return a, nil
		}
	}
	return c.share(path, func() (answer, error) { return c.ask(ctx, r, o.Namespace, path, acceptMetadata) })
}

// share lets all who ask for the same at the same time have one answer.
func (c *Client) share(path string, ask func() (answer, error)) (answer, error) {
	v, err, _ := c.flights.Do(path, func() (any, error) { return ask() })
	a, _ := v.(answer)
	return a, err
}

// ask gets an object, or its metadata alone, and remembers the answer.
func (c *Client) ask(ctx context.Context, r resource, namespace, path, accept string) (answer, error) {
	body, outcome, err := c.get(ctx, r, namespace, path, accept)
	a := answer{outcome: outcome, until: time.Now().Add(goneFor)}
	if outcome == found {
		a.until = time.Now().Add(foundFor)
		if a.controller, err = controllerOf(body, namespace); err != nil {
			return answer{outcome: failed}, fmt.Errorf("read the metadata of %s: %w", path, err)
		}
		if a.about, err = c.wanted.about(r, body); err != nil {
			return answer{outcome: failed}, fmt.Errorf("read the metadata of %s: %w", path, err)
		}
		if accept == acceptObject {
			a.pod = new(pod)
			if err := json.Unmarshal(body, a.pod); err != nil {
				return answer{outcome: failed}, fmt.Errorf("read the status of %s: %w", path, err)
			}
		}
	}
	if outcome == found || outcome == gone {
		c.remember(path, answer{outcome: a.outcome, controller: a.controller, about: a.about, until: a.until})
	}
	return a, err
}

// get sends one request, within the budget, and counts it. That an object is
// gone is no error.
func (c *Client) get(ctx context.Context, r resource, namespace, path, accept string) (body []byte, outcome string, err error) {
	right := r.name + " in " + namespace
	if r.cluster {
		right = r.name
	}
	if _, ok := c.remembered(right); ok {
		c.metrics.count(cached)
		return nil, forbidden, fmt.Errorf("get %s: forbidden", right)
	}
	if err = c.budget.Wait(ctx); err != nil {
		err = fmt.Errorf("%w: %w", ErrLate, err)
	} else {
		body, err = c.rest.Get().AbsPath(path).SetHeader("Accept", accept).DoRaw(ctx)
	}
	switch {
	case err == nil:
		outcome = found
	case apierrors.IsNotFound(err):
		outcome, err = gone, nil
	case apierrors.IsForbidden(err):
		outcome = forbidden
		c.remember(right, answer{outcome: forbidden, until: time.Now().Add(forbiddenFor)})
		c.say(r.name, err)
	default:
		outcome = failed
		level.Debug(c.logger).Log("msg", "look-up failed", "path", path, "err", err)
	}
	c.metrics.count(outcome)
	return body, outcome, err
}

// say tells once what is forbidden. For whoever wants no look-ups it is as it
// should be, so it is no warning.
func (c *Client) say(resource string, err error) {
	c.mu.Lock()
	said := c.said[resource]
	c.said[resource] = true
	c.mu.Unlock()
	if !said {
		level.Info(c.logger).Log("msg", "may not look up objects; what that would tell is left out", "resource", resource, "err", err)
	}
}

func (c *Client) remembered(key string) (answer, bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	a, ok := c.answers.Get(key)
	if ok && !time.Now().Before(a.until) {
		c.answers.Delete(key)
		return answer{}, false
	}
	return a, ok
}

func (c *Client) remember(key string, a answer) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.answers.Set(key, a)
}

// controllerOf returns the controller that an object's metadata name. It is in
// the object's namespace, if it has one.
func controllerOf(body []byte, namespace string) (*occurrence.Object, error) {
	var o struct {
		Metadata struct {
			OwnerReferences []struct {
				APIVersion, Kind, Name, UID string
				Controller                  bool
			}
		}
	}
	if err := json.Unmarshal(body, &o); err != nil {
		return nil, err
	}
	for _, r := range o.Metadata.OwnerReferences {
		if r.Controller {
			if r.Kind == "Node" {
				namespace = ""
			}
			return &occurrence.Object{APIVersion: r.APIVersion, Kind: r.Kind, Namespace: namespace, Name: r.Name, UID: r.UID}, nil
		}
	}
	return nil, nil //nolint:nilnil // nothing controls it
}
