package episode

import (
	"strings"

	"github.com/kubebark/kubebark/exporter/occurrence"
)

// object is an involved object. No UID is in it: reporters fill it in
// differently for nodes, and a namesake can only be a successor.
type object struct{ kind, namespace, name string }

func objectOf(o *occurrence.Object) object { return object{o.Kind, o.Namespace, o.Name} }

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
