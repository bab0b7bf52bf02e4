package receiver

import (
	"encoding/json"
	"io"
	"log"
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"strings"
	"sync"
	"testing"
)

// front stands between Alertmanagers and the receiver: it notes who tells of
// what, and can lose answers.
type front struct {
	url string

	mu    sync.Mutex
	seen  map[string][]string // by a group's alertname, the senders' URLs
	codes map[string][]int    // and what was answered
	lose  map[string]int      // and how many answers are still to be lost
}

func newFront(t testing.TB, receiver string) *front {
	t.Helper()
	to, err := url.Parse(receiver)
	if err != nil {
		t.Fatal(err)
	}
	f := &front{seen: map[string][]string{}, codes: map[string][]int{}, lose: map[string]int{}}
	proxy := httputil.NewSingleHostReverseProxy(to)
	transport := new(http.Transport)
	proxy.Transport, proxy.ErrorLog = transport, log.New(io.Discard, "", 0)
	web := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { f.pass(proxy, w, r) }))
	t.Cleanup(func() { web.Close(); transport.CloseIdleConnections() })
	f.url = web.URL
	return f
}

func (f *front) pass(to http.Handler, w http.ResponseWriter, r *http.Request) {
	body, err := io.ReadAll(r.Body)
	if err != nil {
		panic(http.ErrAbortHandler)
	}
	r.Body = io.NopCloser(strings.NewReader(string(body)))
	var m struct {
		GroupLabels map[string]string `json:"groupLabels"`
		ExternalURL string            `json:"externalURL"`
	}
	_ = json.Unmarshal(body, &m) // what is none of Alertmanager's is passed on too
	answer := httptest.NewRecorder()
	to.ServeHTTP(answer, r)
	f.mu.Lock()
	name := m.GroupLabels["alertname"]
	f.seen[name] = append(f.seen[name], m.ExternalURL)
	f.codes[name] = append(f.codes[name], answer.Code)
	lost := f.lose[name] > 0
	if lost {
		f.lose[name]--
	}
	f.mu.Unlock()
	if lost {
		panic(http.ErrAbortHandler) // the connection breaks instead
	}
	w.WriteHeader(answer.Code)
	_, _ = io.Copy(w, answer.Body) // its client notices
}

// loseAnswers loses the next n answers to messages about a group.
func (f *front) loseAnswers(group string, n int) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.lose[group] = n
}

// told returns who has told of a group, in their order, and what was answered.
func (f *front) told(group string) (senders []string, codes []int) {
	f.mu.Lock()
	defer f.mu.Unlock()
	return append([]string(nil), f.seen[group]...), append([]int(nil), f.codes[group]...)
}
