package page

import (
	"net/url"

	"github.com/kubebark/kubebark/alertbridge/episode"
	"github.com/kubebark/kubebark/exporter/occurrence"
)

// events leads to all that lately happened to what an alert is about: to the
// workload rather than the one object, for a pod's trouble often begins with its
// Deployment's. Of an alert that many were folded into it is the reason.
func events(v *episode.View) string {
	q := url.Values{}
	if ns := v.Labels["namespace"]; ns != "" {
		q.Set("namespace", ns)
	}
	switch kind, name := v.Labels["kind"], v.Labels["name"]; {
	case v.Folded || name == "":
		q.Set("reason", v.Labels["reason"])
	case v.Labels["namespace"] == "": // the name may be something else's as well
		q.Set("kind", kind)
		q.Set("name", name)
	default:
		q.Set("name", occurrence.Workload(kind, name))
	}
	return "events?" + q.Encode()
}
