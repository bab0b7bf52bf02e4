package lookup

import (
	"context"
	"fmt"
	"strings"
	"time"

	"github.com/kubebark/kubebark/exporter/occurrence"
)

// pod is the little of a pod that tells why its container is not well.
type pod struct {
	Spec struct {
		NodeName                   string
		InitContainers, Containers []struct{ Name, Image string }
	}
	Status struct {
		PodIP, HostIP         string
		Phase                 string
		Reason                string // Evicted, …
		InitContainerStatuses []container
		ContainerStatuses     []container
	}
}

type container struct {
	Name             string
	Image            string
	RestartCount     int
	State, LastState state
}

type state struct {
	Waiting    *struct{ Reason string }
	Terminated *struct {
		ExitCode, Signal int
		Reason           string
	}
}

// PodStatus says in one line why the container that the object's field path
// names, or else the one that is the least well, does not run: the reason why
// it waits, its last exit, restarts, node and image. It is empty if the pod is
// gone or has nothing to tell yet. Of what is no pod it is [ErrUnknown].
func (c *Client) PodStatus(ctx context.Context, o occurrence.Object) (string, error) {
	r, path, err := find(&o)
	if err != nil || o.Kind != "Pod" {
		return "", ErrUnknown
	}
	ctx, cancel := context.WithTimeout(ctx, c.timeout)
	defer cancel()
	a, err := c.status(ctx, r, o.Namespace, path)
	if err != nil || a.pod == nil {
		return "", err
	}
	return a.pod.text(containerIn(o.FieldPath)), nil
}

// status gets a pod. The several alerts that begin about one pod at once share
// the request, with those that ask to whom it belongs, too.
func (c *Client) status(ctx context.Context, r resource, namespace, path string) (answer, error) {
	key := path + " status"
	// In the flight itself, for its answer may come while another waits to ask.
	ask := func() (answer, error) {
		if a, ok := c.remembered(key); ok {
			c.metrics.count(cached)
			return a, nil
		}
		a, err := c.ask(ctx, r, namespace, path, acceptObject)
		if err == nil && a.pod != nil {
			a.until = time.Now().Add(c.wanted.podFor(a.pod))
			c.remember(key, a)
		}
		return a, err
	}
	if a, ok := c.remembered(key); ok {
		c.metrics.count(cached)
		return a, nil
	}
	a, err := c.share(path, ask)
	if err == nil && a.outcome == found && a.pod == nil { // it was somebody's request for metadata
		a, err = c.share(key, ask)
	}
	return a, err
}

// containerIn returns the name in a field path: spec.containers{app}.
func containerIn(fieldPath string) string {
	_, name, _ := strings.Cut(fieldPath, "{")
	return strings.TrimSuffix(name, "}")
}

func (p *pod) text(name string) string {
	var parts []string
	c := p.container(name)
	switch {
	case c != nil:
		parts = c.parts()
	case p.Status.Reason != "":
		parts = []string{"pod " + strings.ToLower(p.Status.Phase) + ": " + p.Status.Reason}
	}
	if len(parts) == 0 {
		return ""
	}
	if p.Spec.NodeName != "" {
		parts = append(parts, "node "+p.Spec.NodeName)
	}
	if c != nil && c.Image != "" {
		parts = append(parts, "image "+c.Image)
	}
	return strings.Join(strings.Fields(strings.Join(parts, "; ")), " ") // one line, whatever they say
}

// container returns the container of the name, or that which is the least well;
// nil if all are.
func (p *pod) container(name string) *container {
	var worst *container
	for _, cs := range [][]container{p.Status.InitContainerStatuses, p.Status.ContainerStatuses} {
		for i := range cs {
			c := &cs[i]
			if name != "" && c.Name == name {
				return c
			}
			if c.trouble() > 0 && (worst == nil || c.trouble() > worst.trouble()) {
				worst = c
			}
		}
	}
	return worst
}

// trouble ranks how bad a container's state is.
func (c *container) trouble() int {
	w := c.State.Waiting
	switch {
	case w != nil && w.Reason != "" && w.Reason != "ContainerCreating" && w.Reason != "PodInitializing":
		return 3
	case c.State.Terminated != nil && c.State.Terminated.ExitCode != 0:
		return 2
	case c.LastState.Terminated != nil:
		return 1
	}
	return 0
}

func (c *container) parts() []string {
	first := "container " + c.Name
	if w := c.State.Waiting; w != nil && w.Reason != "" {
		first += ": " + w.Reason
	}
	parts := []string{first}
	exit := c.LastState.Terminated
	if c.State.Terminated != nil {
		exit = c.State.Terminated
	}
	if exit != nil {
		s := fmt.Sprintf("last exit %d", exit.ExitCode)
		if exit.Reason != "" {
			s += " (" + exit.Reason + ")"
		} else if exit.Signal != 0 {
			s += fmt.Sprintf(" (signal %d)", exit.Signal)
		}
		parts = append(parts, s)
	}
	switch c.RestartCount {
	case 0:
	case 1:
		parts = append(parts, "1 restart")
	default:
		parts = append(parts, fmt.Sprintf("%d restarts", c.RestartCount))
	}
	return parts
}
