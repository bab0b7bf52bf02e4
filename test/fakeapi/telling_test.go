package fakeapi

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"testing"
	"time"

	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/watch"
	"k8s.io/client-go/kubernetes"
)

// telling writes down what a client sees. Versions differ from server to
// server; of them only their order is told.
type telling struct {
	t      *testing.T
	s      server
	client kubernetes.Interface
	out    strings.Builder
}

func (tr *telling) say(format string, args ...any) { fmt.Fprintf(&tr.out, format+"\n", args...) }

func (tr *telling) must(e *corev1.Event, err error) *corev1.Event {
	tr.t.Helper()
	if err != nil {
		tr.t.Fatal(err)
	}
	return e
}

func event(namespace, name string, count int32) *corev1.Event {
	return &corev1.Event{
		ObjectMeta:     metav1.ObjectMeta{Namespace: namespace, Name: name},
		InvolvedObject: corev1.ObjectReference{Kind: "Pod", Namespace: namespace, Name: "p"},
		Type:           "Normal", Reason: "Started", Count: count,
	}
}

func (tr *telling) tell() {
	tr.must(tr.s.create(event("zoo", "z", 1)))
	a := tr.must(tr.s.create(event("shop", "a", 1)))
	b := tr.must(tr.s.create(event("shop", "b", 1)))
	tr.must(tr.s.create(event("shop", "c", 1)))
	first := tr.list("all", "", metav1.ListOptions{})
	tr.list("one namespace", "shop", metav1.ListOptions{})
	tr.list("any version", "", metav1.ListOptions{ResourceVersion: "0"})
	page := tr.list("first page", "", metav1.ListOptions{Limit: 2})

	tr.repeat(a, 2)
	tr.must(tr.s.update(tr.get(a))) // changes nothing: no write
	tr.repeat(a, 3)
	tr.delete("shop", "b")
	again := tr.must(tr.s.create(event("shop", "b", 4)))
	tr.say("made anew: another UID %t, a later version %t", again.UID != b.UID, version(again.ResourceVersion) > version(b.ResourceVersion))

	tr.list("second page, as of the first", "", metav1.ListOptions{Limit: 2, Continue: page.Continue})
	tr.list("exactly as it was", "", metav1.ListOptions{ResourceVersion: first.ResourceVersion, ResourceVersionMatch: metav1.ResourceVersionMatchExact})
	tr.list("a limit and a version", "", metav1.ListOptions{ResourceVersion: first.ResourceVersion, Limit: 10})
	tr.list("not older than", "", metav1.ListOptions{ResourceVersion: first.ResourceVersion, ResourceVersionMatch: metav1.ResourceVersionMatchNotOlderThan})
	tr.watch("from a version", "", 4, metav1.ListOptions{ResourceVersion: first.ResourceVersion})
	tr.watch("one namespace", "zoo", 0, metav1.ListOptions{ResourceVersion: first.ResourceVersion, TimeoutSeconds: new(int64(1))})
	tr.watch("any version", "", 4, metav1.ListOptions{})
	tr.watch("with initial events", "", 5, metav1.ListOptions{
		SendInitialEvents: new(true), ResourceVersionMatch: metav1.ResourceVersionMatchNotOlderThan, AllowWatchBookmarks: true,
	})
	tr.watch("until the time is over", "", 0, metav1.ListOptions{ResourceVersion: tr.now(), TimeoutSeconds: new(int64(1))})

	tr.s.compact()
	tr.repeat(a, 4)
	tr.watch("from a version that is gone", "", 1, metav1.ListOptions{ResourceVersion: first.ResourceVersion})
	tr.list("a version that is gone", "", metav1.ListOptions{ResourceVersion: first.ResourceVersion, ResourceVersionMatch: metav1.ResourceVersionMatchExact})
	tr.list("a page that is gone", "", metav1.ListOptions{Limit: 2, Continue: page.Continue})
	for _, e := range [][2]string{{"zoo", "z"}, {"shop", "a"}, {"shop", "b"}, {"shop", "c"}} {
		tr.delete(e[0], e[1])
	}
}

func (tr *telling) delete(namespace, name string) {
	tr.t.Helper()
	if err := tr.s.delete(namespace, name); err != nil {
		tr.t.Fatal(err)
	}
}

func (tr *telling) get(e *corev1.Event) *corev1.Event {
	tr.t.Helper()
	l, err := tr.client.CoreV1().Events(e.Namespace).List(tr.t.Context(), metav1.ListOptions{})
	if err != nil {
		tr.t.Fatal(err)
	}
	for i := range l.Items {
		if l.Items[i].Name == e.Name {
			return &l.Items[i]
		}
	}
	tr.t.Fatalf("no event %s", e.Name)
	return nil
}

func (tr *telling) repeat(e *corev1.Event, count int32) {
	tr.t.Helper()
	now := tr.get(e)
	now.Count = count
	tr.must(tr.s.update(now))
}

// now is the current version, when something was written by others in between
// too.
func (tr *telling) now() string {
	tr.t.Helper()
	l, err := tr.client.CoreV1().Events("").List(tr.t.Context(), metav1.ListOptions{Limit: 1})
	if err != nil {
		tr.t.Fatal(err)
	}
	return l.ResourceVersion
}

func version(v string) uint64 {
	n, err := strconv.ParseUint(v, 10, 64)
	if err != nil {
		return 0
	}
	return n
}

func (tr *telling) list(what, namespace string, o metav1.ListOptions) *corev1.EventList {
	tr.t.Helper()
	l, err := tr.client.CoreV1().Events(namespace).List(tr.t.Context(), o)
	if err != nil {
		tr.say("list, %s: %s", what, told(err))
		return l
	}
	var items []string
	for i := range l.Items {
		e := &l.Items[i]
		items = append(items, fmt.Sprintf("%s/%s=%d", e.Namespace, e.Name, e.Count))
		if version(e.ResourceVersion) > version(l.ResourceVersion) {
			tr.t.Errorf("%s: %s is later than the list", what, e.Name)
		}
	}
	left := int64(0)
	if l.RemainingItemCount != nil {
		left = *l.RemainingItemCount
	}
	tr.say("list, %s: %s; continues %t, %d left", what, strings.Join(items, " "), l.Continue != "", left)
	return l
}

func (tr *telling) watch(what, namespace string, n int, o metav1.ListOptions) {
	tr.t.Helper()
	ctx, cancel := context.WithTimeout(tr.t.Context(), 30*time.Second)
	defer cancel()
	w, err := tr.client.CoreV1().Events(namespace).Watch(ctx, o)
	if err != nil {
		tr.say("watch, %s: %s", what, told(err))
		return
	}
	defer w.Stop()
	tr.say("watch, %s:", what)
	last := uint64(0)
	for i := 0; n == 0 || i < n; i++ {
		ev, ok := <-w.ResultChan()
		if !ok {
			tr.say("  ends")
			return
		}
		e, ok := ev.Object.(*corev1.Event)
		if !ok {
			tr.say("  %s %s", ev.Type, told(apierrors.FromObject(ev.Object)))
			continue
		}
		v := version(e.ResourceVersion)
		tr.say("  %s %s/%s=%d%s, later than the last: %t", ev.Type, e.Namespace, e.Name, e.Count, marks(ev.Type, e), v > last)
		last = v
	}
}

func marks(t watch.EventType, e *corev1.Event) string {
	if t == watch.Bookmark && e.Annotations[metav1.InitialEventsAnnotationKey] == "true" {
		return " (end of the initial events)"
	}
	return ""
}

// told is what a program can tell from an error, without the versions in its
// text.
func told(err error) string {
	st, ok := errors.AsType[*apierrors.StatusError](err)
	if !ok {
		return err.Error()
	}
	s := st.ErrStatus
	text, _, _ := strings.Cut(s.Message, ":")
	var causes []string
	if s.Details != nil {
		for _, c := range s.Details.Causes {
			causes = append(causes, string(c.Type))
		}
	}
	return fmt.Sprintf("%d %s %q %v, with a token %t", s.Code, s.Reason, text, causes, s.Continue != "")
}
