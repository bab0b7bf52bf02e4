package incident

import (
	"bytes"
	"io"
	"net/http"
	"net/http/httputil"
	"net/url"
	"slices"
	"sync"
	"time"
)

// A message is the body of a request that was taken.
type message struct {
	at   time.Time
	body []byte
}

// A tap stands before a server and keeps what it takes.
type tap struct {
	proxy *httputil.ReverseProxy

	mu  sync.Mutex
	all []message
}

func newTap(server *url.URL) *tap {
	return &tap{proxy: &httputil.ReverseProxy{Rewrite: func(r *httputil.ProxyRequest) { r.SetURL(server) }}}
}

// ServeHTTP passes a request on, and keeps its body if the answer is 200.
func (t *tap) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	m := message{at: time.Now()}
	var err error
	if m.body, err = io.ReadAll(r.Body); err != nil {
		http.Error(w, err.Error(), http.StatusBadRequest)
		return
	}
	r.Body = io.NopCloser(bytes.NewReader(m.body))
	s := &status{ResponseWriter: w, code: http.StatusOK}
	t.proxy.ServeHTTP(s, r)
	if s.code != http.StatusOK || r.Method != http.MethodPost {
		return
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	t.all = append(t.all, m)
}

// messages returns what was taken, the oldest first.
func (t *tap) messages() []message {
	t.mu.Lock()
	defer t.mu.Unlock()
	return slices.Clip(t.all)
}

// status notes the status of an answer.
type status struct {
	http.ResponseWriter

	code int
}

// WriteHeader implements http.ResponseWriter.
func (s *status) WriteHeader(code int) {
	s.code = code
	s.ResponseWriter.WriteHeader(code)
}
