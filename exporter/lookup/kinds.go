package lookup

import (
	"strings"

	"github.com/kubebark/kubebark/exporter/occurrence"
)

// resource is where objects of a kind are.
type resource struct {
	group, name string
	cluster     bool // has no namespace
}

// resourceOf returns the resource of a kind: those that pods belong to, and
// those that events are often about. All are in version v1 since Kubernetes
// 1.21, so nothing needs to be discovered.
func resourceOf(kind string) (r resource, ok bool) {
	switch kind {
	case "Pod", "ReplicationController", "PersistentVolumeClaim":
		return resource{name: strings.ToLower(kind) + "s"}, true
	case "Node":
		return resource{name: "nodes", cluster: true}, true
	case "ReplicaSet", "Deployment", "StatefulSet", "DaemonSet":
		return resource{group: "apps", name: strings.ToLower(kind) + "s"}, true
	case "Job", "CronJob":
		return resource{group: "batch", name: strings.ToLower(kind) + "s"}, true
	}
	return resource{}, false
}

// find returns the resource of an object and its path in the API. Events say
// what they like, so a name must not lead elsewhere.
func find(o *occurrence.Object) (r resource, path string, err error) {
	r, ok := resourceOf(o.Kind)
	if !ok || o.APIVersion != "" && groupOf(o.APIVersion) != r.group || !segment(o.Name) {
		return r, "", ErrUnknown
	}
	path = "/api/v1"
	if r.group != "" {
		path = "/apis/" + r.group + "/v1"
	}
	if !r.cluster {
		if !segment(o.Namespace) {
			return r, "", ErrUnknown
		}
		path += "/namespaces/" + o.Namespace
	}
	return r, path + "/" + r.name + "/" + o.Name, nil
}

func groupOf(apiVersion string) string {
	group, _, ok := strings.Cut(apiVersion, "/")
	if !ok {
		return ""
	}
	return group
}

// segment tells whether s can be an object's name, and so one part of a path.
func segment(s string) bool {
	if s == "" || len(s) > 253 || s == "." || s == ".." {
		return false
	}
	for i := range len(s) {
		c := s[i]
		if (c < 'a' || c > 'z') && (c < '0' || c > '9') && c != '-' && c != '.' {
			return false
		}
	}
	return true
}
