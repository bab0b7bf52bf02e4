package episode

import (
	"strings"
	"time"

	"github.com/kubebark/kubebark/exporter/occurrence"
)

// object is an involved object. No UID is in it: reporters fill it in
// differently for nodes, and a namesake can only be a successor.
type object struct{ kind, namespace, name string }

func objectOf(o *occurrence.Object) object { return object{o.Kind, o.Namespace, o.Name} }

// affected is an object with trouble: a part for each container, or one.
type affected struct {
	parts      []part
	apiVersion string
	seen       bool // it has been there when it was looked up
	again      again
}

const (
	maxParts   = 8    // of an object
	maxObjects = 1000 // of an episode
)

// part is the trouble of one container of an object.
type part struct {
	path      string // of the container, "" for the whole object
	source    source
	version   uint64
	last      time.Time
	kept      time.Time
	series    bool
	recovered bool
}

// source is who writes events into one spam bucket of an object.
type source struct{ component, host, eventType string }

func sourceOf(ev *occurrence.Event) source { return source{ev.Component, ev.Host, ev.Type} }

// affect notes the object of an occurrence; room tells whether another object
// may be kept.
func (e *episode) affect(o *occurrence.Occurrence, room bool) (added bool) {
	if e.folded {
		return false
	}
	key := objectOf(&o.Object)
	a, ok := e.objects[key]
	if !ok {
		if !room || len(e.objects) >= maxObjects {
			e.more = true
			return false
		}
		if e.objects == nil {
			e.objects = map[object]*affected{}
		}
		a = &affected{apiVersion: o.Object.APIVersion}
		e.objects[key] = a
	}
	a.part(o.Object.FieldPath).see(o)
	return !ok
}

// knows tells whether what a list holds was taken in before.
func (e *episode) knows(o *occurrence.Occurrence) bool {
	a, ok := e.objects[objectOf(&o.Object)]
	if !ok || o.Version == 0 {
		return false
	}
	for i := range a.parts {
		if a.parts[i].path == o.Object.FieldPath && a.parts[i].version >= o.Version {
			return true
		}
	}
	return false
}

// part returns the part for the path. Beyond the limit the last is shared.
func (a *affected) part(path string) *part {
	for i := range a.parts {
		if a.parts[i].path == path {
			return &a.parts[i]
		}
	}
	if len(a.parts) < maxParts {
		a.parts = append(a.parts, part{path: path})
	}
	return &a.parts[len(a.parts)-1]
}

func (p *part) see(o *occurrence.Occurrence) {
	p.source, p.series = sourceOf(&o.Event), o.SeriesRecorder
	p.version = max(p.version, o.Version)
	p.last, p.recovered = later(p.last, o.At), false
}

// before tells whether the trouble is older than what was written as version
// at the time.
func (p *part) before(version uint64, at time.Time) bool {
	if p.version > 0 && version > 0 {
		return p.version < version
	}
	return !p.last.After(at)
}

// recover notes a recovery of the object, or its end if the path is "", and
// tells whether it counts against any trouble.
func (a *affected) recover(path string, version uint64, at time.Time) (counts bool) {
	for i := range a.parts {
		p := &a.parts[i]
		same := path == "" || p.path == "" || p.path == path
		if same && p.before(version, at) {
			p.recovered, counts = true, true
		}
	}
	return counts
}

// allRecovered tells whether no object has trouble any more. Where some could
// not be kept apart it is never known.
func (e *episode) allRecovered() bool {
	if e.more || len(e.objects) == 0 {
		return false
	}
	for _, a := range e.objects {
		for i := range a.parts {
			if !a.parts[i].recovered {
				return false
			}
		}
	}
	return true
}

// quietSince tells whether nothing was heard of the object for so long.
func (a *affected) quietSince(now time.Time, quiet time.Duration) bool {
	for i := range a.parts {
		p := &a.parts[i]
		if now.Sub(later(p.last, p.kept)) < quiet && now.Sub(p.last) < maxKeptAlive*quiet {
			return false
		}
	}
	return true
}

// said is the message without what client-go puts before that of many alike.
func said(ev *occurrence.Event) string {
	return strings.TrimPrefix(ev.Message, "(combined from similar events): ")
}

// emptied returns the ReplicaSet that an event says has no pods any more. A
// rollout that is undone deletes many pods at once, and the spam filter lets
// only some of their deletions be told.
func emptied(ev *occurrence.Event) (namespace, name string, ok bool) {
	if ev.Reason != "ScalingReplicaSet" {
		return "", "", false
	}
	rest, ok := strings.CutPrefix(said(ev), "Scaled down replica set ")
	if !ok {
		return "", "", false
	}
	// "NAME from 20 to 0", and before Kubernetes 1.29 "NAME to 0 from 20".
	name, rest, _ = strings.Cut(rest, " ")
	rest, _, _ = strings.Cut(rest, " from ")
	return ev.Object.Namespace, name, strings.HasSuffix(rest, "to 0")
}

// podOf tells whether the object is a pod of the ReplicaSet, by its name.
func (o object) podOf(namespace, replicaSet string) bool {
	hash, ok := strings.CutPrefix(o.name, replicaSet+"-")
	return ok && o.kind == "Pod" && o.namespace == namespace && len(hash) == podHash && !strings.Contains(hash, "-")
}

// podHash is the length of what a controller adds to the names of pods.
const podHash = 5

// goneBy returns the objects that an event says are no more: controllers tell
// which pod or job they deleted only in their message.
func goneBy(ev *occurrence.Event) []object {
	switch ev.Reason {
	case "RemovingNode", "DeletingNode":
		if ev.Object.Kind == "Node" {
			return []object{objectOf(&ev.Object)}
		}
	case "SuccessfulDelete":
		ns, message := ev.Object.Namespace, said(ev)
		if name, ok := strings.CutPrefix(message, "Deleted pod: "); ok {
			return []object{{"Pod", ns, name}}
		}
		if name, ok := strings.CutPrefix(message, "Deleted job "); ok {
			return []object{{"Job", ns, strings.TrimPrefix(name, ": ")}}
		}
		if rest, ok := strings.CutPrefix(message, "delete Pod "); ok {
			name, _, _ := strings.Cut(rest, " ")
			return []object{{"Pod", ns, name}}
		}
	}
	return nil
}
