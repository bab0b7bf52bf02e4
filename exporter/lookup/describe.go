package lookup

import (
	"context"
	"encoding/json"
	"errors"
	"slices"
	"strings"
	"time"

	"github.com/kubebark/kubebark/exporter/occurrence"
)

// zoneLabel is where a node's zone is, since Kubernetes 1.17.
const zoneLabel = "topology.kubernetes.io/zone"

// Wanted says what [Client.Describe] is to tell. The names of labels and
// annotations may end with *, which stands for all that begin so.
type Wanted struct {
	Labels, Annotations []string
	Owners              bool
	Pod                 bool // node, addresses and image
	Zone                bool
}

func (w *Wanted) any() bool {
	return len(w.Labels) > 0 || len(w.Annotations) > 0 || w.Owners || w.Pod || w.Zone
}

// about is what an object's metadata tell beside its controller.
type about struct {
	uid                 string
	labels, annotations map[string]string
	zone                string
}

// about reads metadata, the little that is wanted.
func (w *Wanted) about(r resource, body []byte) (about, error) {
	if !w.any() {
		return about{}, nil
	}
	var o struct {
		Metadata struct {
			UID                 string
			Labels, Annotations map[string]string
		}
	}
	if err := json.Unmarshal(body, &o); err != nil {
		return about{}, err
	}
	a := about{uid: o.Metadata.UID, labels: pick(o.Metadata.Labels, w.Labels), annotations: pick(o.Metadata.Annotations, w.Annotations)}
	if r.name == "nodes" {
		a.zone = o.Metadata.Labels[zoneLabel]
	}
	return a, nil
}

// pick returns the entries that the names stand for.
func pick(all map[string]string, names []string) map[string]string {
	var m map[string]string
	for k, v := range all {
		for _, n := range names {
			prefix, open := strings.CutSuffix(n, "*")
			if k == n || open && strings.HasPrefix(k, prefix) {
				if m == nil {
					m = make(map[string]string)
				}
				m[k] = v
			}
		}
	}
	return m
}

// podFor is how long a pod is remembered: of one that has its place, what
// Describe tells does not change any more.
func (w *Wanted) podFor(p *pod) time.Duration {
	if w.any() && p.Spec.NodeName != "" && p.Status.PodIP != "" && p.Status.HostIP != "" {
		return foundFor
	}
	return statusFor
}

// Description is what is known of an object.
type Description struct {
	Labels, Annotations map[string]string
	Owners              []occurrence.Object // the controllers above it, the nearest first
	Node                string
	PodIP, HostIP       string
	Zone                string
	Image               string
}

// Describe tells what is wanted about an object. With an error it tells what
// could be learned all the same.
func (c *Client) Describe(ctx context.Context, o *occurrence.Object) (Description, error) {
	var d Description
	a, err := c.itself(ctx, o)
	if err != nil {
		return d, described(ctx, a, err)
	}
	if a.outcome != found {
		return d, ErrGone
	}
	d.Labels, d.Annotations, d.Zone = a.about.labels, a.about.annotations, a.about.zone
	if a.pod != nil {
		d.place(a.pod, containerIn(o.FieldPath))
	}
	var errs []error
	if c.wanted.Owners {
		errs = append(errs, c.owners(ctx, a, &d))
	}
	if c.wanted.Zone && d.Node != "" {
		node, err := c.metadata(ctx, &occurrence.Object{Kind: "Node", Name: d.Node}, false)
		d.Zone = node.about.zone
		if err != nil {
			errs = append(errs, described(ctx, node, err))
		}
	}
	return d, errors.Join(errs...)
}

// itself returns what is known of the object, and not of one that has its name
// after it.
func (c *Client) itself(ctx context.Context, o *occurrence.Object) (answer, error) {
	a, err := c.object(ctx, o)
	if err == nil && a.outcome == found && another(o, a.about.uid) {
		// Remembered, maybe, from before it was made anew.
		if _, path, err := find(o); err == nil {
			c.forget(path, path+" status")
		}
		if a, err = c.object(ctx, o); err == nil && another(o, a.about.uid) {
			a.outcome = gone
		}
	}
	return a, err
}

func (c *Client) object(ctx context.Context, o *occurrence.Object) (answer, error) {
	r, path, err := find(o)
	if err == nil && o.Kind == "Pod" && (c.wanted.Pod || c.wanted.Zone) {
		if a, ok := c.remembered(path); ok && a.outcome == gone {
			c.metrics.count(cached)
			return a, nil
		}
		return c.status(ctx, r, o.Namespace, path)
	}
	return c.metadata(ctx, o, false)
}

// another tells whether an object of another UID has the name now. Kubelets
// write what is not the API's UID for nodes and for pods from files.
func another(o *occurrence.Object, uid string) bool {
	return o.Kind != "Node" && len(o.UID) == len("00000000-0000-0000-0000-000000000000") && uid != "" && o.UID != uid
}

// owners adds the controllers above an object. One that is gone or of a kind
// that is not looked up is the last.
func (c *Client) owners(ctx context.Context, a answer, d *Description) error {
	for range maxChain {
		if a.controller == nil {
			return nil
		}
		o := a.controller
		d.Owners = append(d.Owners, *o)
		if o.Kind == "Node" {
			return nil
		}
		var err error
		a, err = c.metadata(ctx, o, false)
		if errors.Is(err, ErrUnknown) {
			return nil
		}
		if err != nil {
			return described(ctx, a, err)
		}
	}
	return nil
}

// place takes from a pod where it is and what runs in it.
func (d *Description) place(p *pod, container string) {
	d.Node, d.PodIP, d.HostIP = p.Spec.NodeName, p.Status.PodIP, p.Status.HostIP
	all := slices.Concat(p.Spec.Containers, p.Spec.InitContainers)
	for i := range all {
		if i == 0 && container == "" || all[i].Name == container {
			d.Image = all[i].Image
		}
	}
}

// described says in our words why something could not be told.
func described(ctx context.Context, a answer, err error) error {
	switch {
	case errors.Is(err, ErrUnknown):
		return ErrUnknown
	case a.outcome == forbidden:
		return ErrForbidden
	case errors.Is(err, ErrLate), ctx.Err() != nil, errors.Is(err, context.DeadlineExceeded):
		return ErrLate
	}
	return err
}

func (c *Client) forget(keys ...string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	for _, k := range keys {
		c.answers.Delete(k)
	}
}
