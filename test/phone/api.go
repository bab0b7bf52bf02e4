package phone

import (
	"crypto/subtle"
	"encoding/json"
	"errors"
	"io"
	"maps"
	"net/http"
	"strings"
	"time"
)

// maxBody is the largest request bark-server's web framework takes.
const maxBody = 4 << 20

// result is what comes of one push or one other call.
type result struct {
	code    int
	message string
	data    any
	plain   bool // text/plain, without the envelope
	header  http.Header
	drop    bool // cut the connection
}

var success = result{code: http.StatusOK, message: "success"}

func failure(code int, message string) result { return result{code: code, message: message} }

// ServeHTTP serves bark-server's API, and under /phone/ the page.
func (s *Server) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if isPage(r) {
		s.page.ServeHTTP(w, r)
		return
	}
	body, err := io.ReadAll(http.MaxBytesReader(w, r.Body, maxBody))
	rec := s.begin(r, body)
	var res result
	var tooBig *http.MaxBytesError
	switch {
	case errors.As(err, &tooBig):
		res = failure(http.StatusRequestEntityTooLarge, "Request Entity Too Large")
	case err != nil:
		res = result{drop: true}
	default:
		res = s.answer(r, rec)
	}
	s.write(w, rec, res)
}

// answer is the whole of bark-server's work on a request: what stands in
// front of it, who may call, where the call goes.
func (s *Server) answer(r *http.Request, rec *Request) result {
	s.mu.Lock()
	f := strike(&s.fault)
	s.mu.Unlock()
	if f == nil {
		return s.route(r, rec)
	}
	ok := success
	if f.Deliver || (f.Code == 0 && !f.Drop) {
		ok = s.route(r, rec)
	}
	f.wait(r.Context())
	return f.result("", ok)
}

func (s *Server) route(r *http.Request, rec *Request) result {
	path := r.URL.EscapedPath()
	if !s.allowed(r, path) {
		return result{code: http.StatusTeapot, message: "I'm a teapot", plain: true}
	}
	pieces := split(path)
	if r.Method == http.MethodGet || r.Method == http.MethodHead {
		if res, ok := s.read(r, pieces); ok {
			return res
		}
	}
	switch {
	case len(pieces) == 0, len(pieces) > 4:
		return failure(http.StatusNotFound, "Cannot "+r.Method+" "+r.URL.Path)
	case r.Method != http.MethodGet && r.Method != http.MethodPost && r.Method != http.MethodHead:
		return failure(http.StatusMethodNotAllowed, "Method Not Allowed")
	case r.Method == http.MethodPost && len(pieces) == 1 && pieces[0] == "register":
		return s.register(r, rec.Body)
	case r.Method == http.MethodPost && len(pieces) == 1 && pieces[0] == "push":
		pieces = nil
	}
	return s.push(r, rec, pieces)
}

// read serves what can only be read: the calls that are not pushes.
func (s *Server) read(r *http.Request, pieces []string) (result, bool) {
	switch strings.Join(pieces, "/") {
	case "", "healthz":
		return result{code: http.StatusOK, message: "ok", plain: true}, true
	case "ping":
		return result{code: http.StatusOK, message: "pong"}, true
	case "info":
		return s.info(), true
	case "register":
		return s.register(r, nil), true
	}
	if len(pieces) == 2 && pieces[0] == "register" {
		return s.registered(pieces[1]), true
	}
	return result{}, false
}

// allowed checks basic auth. Some paths are free, by prefix.
func (s *Server) allowed(r *http.Request, path string) bool {
	if s.opts.User == "" && s.opts.Password == "" || path == "/" {
		return true
	}
	for _, free := range []string{"/ping", "/register", "/healthz"} {
		if strings.HasPrefix(path, free) {
			return true
		}
	}
	user, pass, _ := r.BasicAuth()
	return subtle.ConstantTimeCompare([]byte(user), []byte(s.opts.User)) == 1 &&
		subtle.ConstantTimeCompare([]byte(pass), []byte(s.opts.Password)) == 1
}

// split cuts a path into its pieces; one slash at the end is as good as none.
func split(path string) []string {
	path = strings.TrimSuffix(strings.TrimPrefix(path, "/"), "/")
	if path == "" {
		return nil
	}
	return strings.Split(path, "/")
}

// envelope is how every answer that is not plain text looks.
type envelope struct {
	Code      int    `json:"code"`
	Message   string `json:"message"`
	Timestamp int64  `json:"timestamp"`
	Data      any    `json:"data,omitempty"`
}

// write sends the answer and records it.
func (s *Server) write(w http.ResponseWriter, rec *Request, res result) {
	if res.drop {
		s.finish(rec, -1, nil)
		cut(w)
		return
	}
	var body []byte
	switch bare, ok := res.data.(bare); {
	case res.plain:
		w.Header().Set("Content-Type", "text/plain; charset=utf-8")
		body = []byte(res.message)
	case ok:
		body = encode(w, bare.value)
	default:
		body = encode(w, envelope{res.code, res.message, time.Now().Unix(), res.data})
	}
	maps.Copy(w.Header(), res.header)
	// Recorded before it is sent: who has the answer finds the record of it.
	s.finish(rec, res.code, body)
	w.WriteHeader(res.code)
	_, _ = w.Write(body) // the client may have gone; there is nobody to tell
}

// bare is data that is the whole answer, without the envelope.
type bare struct{ value any }

func encode(w http.ResponseWriter, v any) []byte {
	w.Header().Set("Content-Type", "application/json")
	b, err := json.Marshal(v)
	if err != nil {
		return []byte("{}") // only our own types come here
	}
	return b
}

// cut closes the connection without an answer.
func cut(w http.ResponseWriter) {
	conn, _, err := http.NewResponseController(w).Hijack()
	if err != nil {
		// A recorder in a test or HTTP/2: the nearest thing there is.
		w.WriteHeader(http.StatusBadGateway)
		return
	}
	_ = conn.Close()
}
