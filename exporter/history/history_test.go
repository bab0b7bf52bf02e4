package history

import (
	"encoding/json"
	"flag"
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/go-kit/log"
	"github.com/google/go-cmp/cmp"

	"github.com/kubebark/kubebark/exporter/occurrence"
	"github.com/kubebark/kubebark/internal/conf/reference/reftest"
)

var update = flag.Bool("update", false, "write the golden files anew")

// change is a change of an event that is n writes old.
func change(kind, ns, name, reason string, n int64) *occurrence.Occurrence {
	typ := occurrence.Warning
	if reason == "Pulled" {
		typ = occurrence.Normal
	}
	return &occurrence.Occurrence{
		Event: occurrence.Event{
			Namespace: ns, Name: name + "." + reason, UID: name + reason, Type: typ, Reason: reason, Message: reason + " of <" + name + ">",
			Component: "kubelet", Host: "n1", Count: n, Object: occurrence.Object{Kind: kind, Namespace: ns, Name: name},
			First: time.Now(),
		},
		New: 1, At: time.Now(),
	}
}

func ask(t *testing.T, h *History, path string) string {
	t.Helper()
	p, err := NewPages(h, log.NewNopLogger())
	if err != nil {
		t.Fatal(err)
	}
	u, err := url.Parse(path)
	if err != nil {
		t.Fatal(err)
	}
	w := httptest.NewRecorder()
	p.Handlers()[u.Path].ServeHTTP(w, httptest.NewRequest(http.MethodGet, path, nil))
	if w.Code != 200 {
		t.Fatalf("status %d: %s", w.Code, w.Body)
	}
	return w.Body.String()
}

func found(t *testing.T, h *History, query string) string {
	t.Helper()
	var answer struct {
		Data struct {
			Events []jsonEvent
			More   int
		}
	}
	if err := json.Unmarshal([]byte(ask(t, h, "/api/v1/events?"+query)), &answer); err != nil {
		t.Fatal(err)
	}
	var s []string
	for _, e := range answer.Data.Events {
		s = append(s, fmt.Sprintf("%s/%s:%s×%d", e.Namespace, e.Name, e.Reason, e.Count))
	}
	if answer.Data.More > 0 {
		s = append(s, fmt.Sprintf("and %d more", answer.Data.More))
	}
	return strings.Join(s, " ")
}

// TestTimeLine: the latest first; a repeat moves its event to the front.
func TestTimeLine(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h := New()
		for _, o := range []struct {
			kind, ns, name, reason string
			n                      int64
		}{
			{"Pod", "shop", "cart-7dc45b778d-x2x4q", "Pulled", 1},
			{"Pod", "shop", "cart-7dc45b778d-x2x4q", "BackOff", 1},
			{"Node", "", "n1", "Rebooted", 1},
			{"Pod", "bank", "db-0", "Unhealthy", 2},
			{"Pod", "shop", "cart-7dc45b778d-x2x4q", "BackOff", 4},
		} {
			h.Observe(change(o.kind, o.ns, o.name, o.reason, o.n))
			time.Sleep(time.Second)
		}
		h.Synced()
		const backOff, pulled = "shop/cart-7dc45b778d-x2x4q:BackOff×4", "shop/cart-7dc45b778d-x2x4q:Pulled×1"
		for query, want := range map[string]string{
			"":                              backOff + " bank/db-0:Unhealthy×2 /n1:Rebooted×1 " + pulled,
			"namespace=shop":                backOff + " " + pulled,
			"name=cart":                     backOff + " " + pulled,
			"kind=Pod&name=db-0":            "bank/db-0:Unhealthy×2",
			"reason=Rebooted":               "/n1:Rebooted×1",
			"type=Normal":                   pulled,
			"q=unhealthy+of":                "bank/db-0:Unhealthy×2",
			"namespace=shop&reason=BackOff": backOff,
			"namespace=none":                "",
		} {
			if got := found(t, h, query); got != want {
				t.Errorf("%q: %s, want %s", query, got, want)
			}
		}
		for name, query := range map[string]string{"all": "", "one": "?namespace=shop&kind=Pod&name=cart", "none": "?reason=No%3Cb%3E"} {
			reftest.File(t, "testdata/"+name+".html", []byte(ask(t, h, "/events"+query)), *update)
		}
		if d := cmp.Diff(4, h.entries); d != "" {
			t.Error(d)
		}
		time.Sleep(keepFor)
		if got := found(t, h, ""); got != "" {
			t.Errorf("after hours there is %s", got)
		}
		h.Observe(change("Pod", "shop", "new", "BackOff", 1))
		if h.entries != 1 || len(h.lives) != 1 {
			t.Errorf("%d events of %d objects are kept", h.entries, len(h.lives))
		}
	})
}

// TestBounds: neither an object, nor many, nor a long message take more than
// there is.
func TestBounds(t *testing.T) {
	h := New()
	for n := range 3 * perObject {
		h.Observe(change("Pod", "shop", "loud", fmt.Sprintf("Reason%d", n), 1))
	}
	if h.entries != perObject || !strings.HasPrefix(found(t, h, ""), "shop/loud:Reason59×1 shop/loud:Reason58×1") {
		t.Errorf("%d events: %s", h.entries, found(t, h, ""))
	}
	for n := range 2 * maxEvents {
		h.Observe(change("Pod", "shop", fmt.Sprintf("pod-%d", n), "BackOff", 1))
	}
	if h.entries != maxEvents || len(h.lives) != maxEvents || len(h.all()) != maxEvents {
		t.Errorf("%d events of %d objects", h.entries, len(h.lives))
	}
	if got := found(t, h, ""); !strings.HasSuffix(got, fmt.Sprintf("and %d more", maxEvents-maxShown)) {
		t.Errorf("too much is shown: %d bytes", len(got))
	}
	long := change("Pod", "shop", "long", "Long", 1)
	long.Message = strings.Repeat("é", 1<<20)
	h.Observe(long)
	if n := len(h.all()[0].Message); n > maxMessage+3 {
		t.Errorf("a message of %d bytes is kept", n)
	}
}

func BenchmarkObserve(b *testing.B) {
	h, o := New(), change("Pod", "shop", "pod", "BackOff", 1)
	for b.Loop() {
		h.Observe(o)
	}
}
