package fakeapi

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"
	"syscall"
	"testing"
	"time"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/kubernetes"
	"k8s.io/client-go/rest"
)

// bench is a server with events, and a client that tries once.
func bench(t *testing.T, o StoreOptions, n int) (*Server, *Store, kubernetes.Interface) {
	t.Helper()
	store := NewStore(o)
	for i := range n {
		if _, err := store.Create(sample(fmt.Sprintf("e%02d", i))); err != nil {
			t.Fatal(err)
		}
	}
	s, err := Serve(store, 0)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { s.Close() })
	client, err := kubernetes.NewForConfig(&rest.Config{Host: s.URL(), QPS: -1})
	if err != nil {
		t.Fatal(err)
	}
	return s, store, client
}

func list(ctx context.Context, c kubernetes.Interface) error {
	return c.CoreV1().RESTClient().Get().Resource("events").MaxRetries(0).Do(ctx).Error()
}

// openStream opens a watch and returns what it carries from then on.
func openStream(t *testing.T, s *Server, version uint64) io.Reader {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), http.MethodGet,
		fmt.Sprintf("%s/api/v1/events?watch=1&resourceVersion=%d", s.URL(), version), http.NoBody)
	if err != nil {
		t.Fatal(err)
	}
	tr := new(http.Transport)
	resp, err := tr.RoundTrip(req)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { resp.Body.Close(); tr.CloseIdleConnections() })
	return resp.Body
}

func TestRejections(t *testing.T) {
	s, _, c := bench(t, StoreOptions{}, 1)
	s.Reject(1, TooManyRequests(7))
	err := list(t.Context(), c)
	if secs, ok := apierrors.SuggestsClientDelay(err); !apierrors.IsTooManyRequests(err) || !ok || secs != 7 {
		t.Errorf("429: %v", err)
	}
	if err := list(t.Context(), c); err != nil {
		t.Errorf("after it: %v", err)
	}
}

func TestFutureVersion(t *testing.T) {
	_, _, c := bench(t, StoreOptions{}, 1)
	err := c.CoreV1().RESTClient().Get().Resource("events").MaxRetries(0).
		Param("resourceVersion", "999999999").Param("resourceVersionMatch", "NotOlderThan").Do(t.Context()).Error()
	if !apierrors.HasStatusCause(err, metav1.CauseTypeResourceVersionTooLarge) {
		t.Errorf("%v", err)
	}
}

func TestRefusal(t *testing.T) {
	s, _, c := bench(t, StoreOptions{}, 1)
	s.Refuse()
	if err := list(t.Context(), c); !errors.Is(err, syscall.ECONNREFUSED) {
		t.Errorf("while it refuses: %v", err)
	}
	if err := s.Accept(); err != nil {
		t.Fatal(err)
	}
	if err := list(t.Context(), c); err != nil {
		t.Errorf("on the same port again: %v", err)
	}
}

// TestCut cuts a stream at each byte of a frame and a bit beyond.
func TestCut(t *testing.T) {
	s, store, _ := bench(t, StoreOptions{}, 0)
	for after := 1; after < 900; after += 37 {
		r := openStream(t, s, store.Version())
		s.Cut(after)
		for i := range 3 {
			if _, err := store.Create(sample(fmt.Sprintf("%d-%d", after, i))); err != nil {
				t.Fatal(err)
			}
		}
		got, err := io.ReadAll(r)
		if err == nil || len(got) > after {
			t.Errorf("cut after %d: %d bytes came, %v", after, len(got), err)
		}
	}
}

func TestFreeze(t *testing.T) {
	s, _, c := bench(t, StoreOptions{}, 1)
	s.Freeze()
	ctx, cancel := context.WithTimeout(t.Context(), 100*time.Millisecond)
	defer cancel()
	if err := list(ctx, c); err == nil {
		t.Error("an answer while frozen")
	}
	s.Thaw()
	if err := list(t.Context(), c); err != nil {
		t.Errorf("thawed: %v", err)
	}
}

func TestInterruptions(t *testing.T) {
	s, store, _ := bench(t, StoreOptions{}, 1)
	for _, tt := range []struct {
		err  *apierrors.StatusError
		want string
	}{
		{nil, ""},
		{Expired(), `"code":410`},
		{LostPrevious(), `PrevKv=nil`},
	} {
		r := openStream(t, s, store.Version())
		s.Interrupt(tt.err)
		got, err := io.ReadAll(r)
		if err != nil || !strings.Contains(string(got), tt.want) || (tt.want == "") != (len(got) == 0) {
			t.Errorf("%v: %q %v", tt.err, got, err)
		}
	}
}

// TestExpiry has an event expire with its last content, but not one that was
// written again.
func TestExpiry(t *testing.T) {
	_, store, _ := bench(t, StoreOptions{TTL: time.Hour}, 2)
	e, err := store.Get("shop", "e00")
	if err != nil {
		t.Fatal(err)
	}
	e = e.DeepCopy()
	e.Count = 9
	if _, err := store.Update(e); err != nil {
		t.Fatal(err)
	}
	before := store.Version()
	if err := store.Expire(store.deaths[1].at); err != nil {
		t.Fatal(err)
	}
	changes, _, err := store.since(before, 10)
	if err != nil || len(changes) != 1 || changes[0].now.event.Name != "e01" || changes[0].now.version != before+1 {
		t.Errorf("%d changes, %v", len(changes), err)
	}
}

func TestHistoryIsBounded(t *testing.T) {
	_, store, _ := bench(t, StoreOptions{History: 10}, 100)
	if n := len(store.log); n > 13 {
		t.Errorf("%d changes remembered", n)
	}
	if _, _, err := store.since(store.Version()-10, 100); err != nil {
		t.Errorf("ten back: %v", err)
	}
	if _, _, err := store.since(store.Version()-50, 100); !errors.Is(err, errCompacted) {
		t.Errorf("fifty back: %v", err)
	}
}
