package rule

import (
	"maps"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/kubebark/kubebark/alertbridge/identity"
	"github.com/kubebark/kubebark/exporter/occurrence"
)

const (
	// Source is the value of the label source of each alert.
	Source = "kubernetes-event"
	// FoldedName is the name of an alert that stands for many.
	FoldedName = "_folded"

	alertPrefix     = "KubeEvent"
	defaultSeverity = "warning"

	// The API bounds no reason and no message of core/v1.
	maxLabel      = 512
	maxAnnotation = 4096
)

// Labels returns the labels of the alert that the event makes, and how many of
// the rule's templates failed. A label whose template failed is left out,
// severity has its default then. The owner counts only where the rule's
// identity asks for it.
func (r *Rule) Labels(ev *occurrence.Event, owner identity.Owner) (ls map[string]string, failures int) {
	ls = r.base(ev, identity.Labels(r.Identity, ev.Object.Kind, ev.Object.Namespace, ev.Object.Name, owner))
	if len(r.labels) > 0 {
		d := newLabelData(ev, maps.Clone(ls))
		for i := range r.labels {
			t := &r.labels[i]
			v, err := t.execute(d)
			if err != nil {
				failures++
				continue
			}
			if v = clip(v, maxLabel); v == "" {
				delete(ls, t.name)
				continue
			}
			ls[t.name] = v
		}
	}
	r.addExternal(ls)
	return ls, failures
}

// Folded returns the labels of the alert that stands for all those of the
// event's namespace and reason for which there is no room.
func (r *Rule) Folded(ev *occurrence.Event) map[string]string {
	ls := r.base(ev, map[string]string{"name": FoldedName})
	if ev.Object.Namespace != "" {
		ls["namespace"] = clip(ev.Object.Namespace, maxLabel)
	}
	r.addExternal(ls)
	return ls
}

func (r *Rule) base(ev *occurrence.Event, ls map[string]string) map[string]string {
	for k, v := range ls {
		ls[k] = clip(v, maxLabel)
	}
	if ev.Reason != "" {
		ls["reason"] = clip(ev.Reason, maxLabel)
	}
	ls["alertname"] = alertPrefix + ls["reason"]
	ls["source"] = Source
	ls["severity"] = defaultSeverity
	return ls
}

func (r *Rule) addExternal(ls map[string]string) {
	for k, v := range r.external {
		if _, ok := ls[k]; !ok && v != "" {
			ls[k] = v
		}
	}
}

func newLabelData(ev *occurrence.Event, ls map[string]string) labelData {
	o := &ev.Object
	return labelData{
		Labels: ls, Type: ev.Type, Reason: ev.Reason, Namespace: o.Namespace, Kind: o.Kind, Name: o.Name,
		Workload: occurrence.Workload(o.Kind, o.Name), Component: ev.Component, Host: ev.Host,
	}
}

// Facts are what is known of an episode when its annotations are made.
type Facts struct {
	Event       *occurrence.Event // the latest
	Labels      map[string]string // of the alert
	Objects     int               // affected ones
	MoreObjects bool              // there are more than could be kept apart
	Count       int64             // occurrences in the episode
	First, Last time.Time
	EndedBy     string // "" while it lasts
	Owner       string // of the object, as [ObjectPath] has it; "" if not known
	Exit        string // why a container does not run; "" if not known
}

// Annotations returns the alert's annotations and how many of the rule's
// templates failed. In place of one that failed stands what the annotation is
// without the rule, or else its source.
func (r *Rule) Annotations(f *Facts) (as map[string]string, failures int) {
	as = baseAnnotations(f)
	if len(r.annotations) == 0 {
		return as, 0
	}
	d := annotationData{
		labelData: newLabelData(f.Event, f.Labels), Annotations: maps.Clone(as), About: about(f),
		Message: as["description"], Object: as["object"], Objects: f.Objects, Count: f.Count,
		FirstSeen: f.First.UTC(), LastSeen: f.Last.UTC(),
	}
	for i := range r.annotations {
		t := &r.annotations[i]
		v, err := t.execute(d)
		if err != nil {
			failures++
			if _, ok := as[t.name]; !ok {
				as[t.name] = clip(t.literal, maxAnnotation)
			}
			continue
		}
		as[t.name] = clip(v, maxAnnotation)
	}
	return as, failures
}

func baseAnnotations(f *Facts) map[string]string {
	ev := f.Event
	as := map[string]string{
		"summary":     summary(f),
		"description": clip(ev.Message, maxAnnotation),
		"object":      clip(ObjectPath(&ev.Object), maxLabel),
		"objects":     objects(f),
		"count":       strconv.FormatInt(f.Count, 10),
		"first_seen":  f.First.UTC().Format(time.RFC3339),
		"last_seen":   f.Last.UTC().Format(time.RFC3339),
	}
	for k, v := range map[string]string{
		"component": ev.Component, "host": ev.Host, "ended_by": f.EndedBy, "owner": f.Owner, "exit": f.Exit,
	} {
		if v != "" {
			as[k] = clip(v, maxLabel)
		}
	}
	return as
}

func objects(f *Facts) string {
	s := strconv.Itoa(f.Objects)
	if f.MoreObjects {
		s += "+"
	}
	return s
}

// summary is one line: what, where, on how many.
func summary(f *Facts) string {
	reason := f.Event.Reason
	if reason == "" {
		reason = "event without a reason"
	}
	return line(reason + ": " + about(f))
}

// line makes one line of s.
func line(s string) string { return strings.Join(strings.Fields(clip(s, maxLabel)), " ") }

// about is About with how many objects there are.
func about(f *Facts) string {
	s := About(f.Labels)
	if f.Objects > 1 {
		s += " (" + objects(f) + " objects)"
	}
	return s
}

// About names what an alert with the labels is about: Pod shop/cart.
func About(ls map[string]string) string {
	name := ls["name"]
	if name == FoldedName {
		name = "many objects"
	}
	if ns := ls["namespace"]; ns != "" {
		name = ns + "/" + name
	}
	if name == "" {
		name = "no object"
	}
	return strings.TrimSpace(ls["kind"] + " " + name)
}

// ObjectPath names an object: kind/namespace/name, without a namespace where
// it has none.
func ObjectPath(o *occurrence.Object) string {
	var parts []string
	for _, s := range []string{o.Kind, o.Namespace, o.Name} {
		if s != "" {
			parts = append(parts, s)
		}
	}
	return strings.Join(parts, "/")
}

// clip makes s valid UTF-8 of at most limit bytes.
func clip(s string, limit int) string {
	if !utf8.ValidString(s) {
		s = strings.ToValidUTF8(s, "\uFFFD")
	}
	if len(s) <= limit {
		return s
	}
	const more = "…"
	end := limit - len(more)
	for !utf8.RuneStart(s[end]) {
		end--
	}
	return s[:end] + more
}
