package fakeapi

import (
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strconv"
	"time"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

// What the API server says, for clients that look at it.
const (
	listExpired     = "The resourceVersion for the provided list is too old."
	continueExpired = "The provided continue parameter is too old to display a consistent list result. " +
		"You can start a new list without the continue parameter, or use the continue token in this response to " +
		"retrieve the remainder of the results. Continuing with the provided token results in an inconsistent list - " +
		"objects that were created, modified, or deleted between the time the first chunk was returned and now may " +
		"show up in the list."
)

// request is what is asked for, decoded.
type request struct {
	encoding   encoding
	namespace  string
	part       *part
	version    uint64 // 0 for any
	match      metav1.ResourceVersionMatch
	limit      int
	token      token
	timeout    time.Duration // 0 for none
	bookmarks  bool
	initial    *bool // sendInitialEvents
	isContinue bool
}

// token is a continue token.
type token struct {
	Version  string `json:"v"`
	Revision int64  `json:"rv"` // -1 for whatever is current
	Start    string `json:"start"`
	Left     int    `json:"left,omitempty"`
}

// tokenForm is the form of continue tokens, which they name.
const tokenForm = "meta.k8s.io/v1" //nolint:gosec // it is no credential

func (t token) encode() string {
	t.Version = tokenForm
	b, err := json.Marshal(t)
	if err != nil {
		return ""
	}
	return base64.RawURLEncoding.EncodeToString(b)
}

func decodeToken(s string) (token, error) {
	var t token
	b, err := base64.RawURLEncoding.DecodeString(s)
	if err == nil {
		err = json.Unmarshal(b, &t)
	}
	if err != nil || t.Version != tokenForm {
		return t, apierrors.NewBadRequest("continue key is not valid")
	}
	return t, nil
}

func (s *Server) routes() http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("GET /api/v1/events", s.events)
	mux.HandleFunc("GET /api/v1/namespaces/{namespace}/events", s.events)
	mux.HandleFunc("GET /readyz", func(w http.ResponseWriter, _ *http.Request) { fmt.Fprint(w, "ok") })
	mux.HandleFunc("GET /version", func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "application/json")
		fmt.Fprint(w, `{"major":"1","minor":"37","gitVersion":"v1.37.2"}`)
	})
	mux.HandleFunc("/", func(w http.ResponseWriter, r *http.Request) {
		fail(w, accepted(r), &apierrors.StatusError{ErrStatus: metav1.Status{
			Status: metav1.StatusFailure, Code: http.StatusNotFound, Reason: metav1.StatusReasonNotFound,
			Message: "the server could not find the requested resource",
		}})
	})
	return mux
}

// events answers a list or a watch.
func (s *Server) events(w http.ResponseWriter, r *http.Request) {
	q := r.URL.Query()
	req, err := decode(r, q)
	if err == nil {
		req.part, err = s.part(q.Get("shardSelector"))
	}
	if err == nil {
		err = s.faults.refusal()
	}
	switch {
	case err != nil:
		fail(w, accepted(r), err)
	case q.Get("watch") == "true" || q.Get("watch") == "1":
		s.requests.watches.Add(1)
		s.watch(w, r, req)
	default:
		s.requests.lists.Add(1)
		s.list(w, req)
	}
}

func decode(r *http.Request, q url.Values) (*request, error) {
	req := &request{
		encoding: accepted(r), namespace: r.PathValue("namespace"),
		match:     metav1.ResourceVersionMatch(q.Get("resourceVersionMatch")),
		bookmarks: q.Get("allowWatchBookmarks") == "true", isContinue: q.Get("continue") != "",
	}
	for _, p := range []string{"fieldSelector", "labelSelector"} {
		if q.Get(p) != "" {
			return nil, apierrors.NewBadRequest(p + " is not what this server can do")
		}
	}
	number := func(name string) (uint64, error) {
		if q.Get(name) == "" {
			return 0, nil
		}
		n, err := strconv.ParseUint(q.Get(name), 10, 63)
		if err != nil {
			return 0, apierrors.NewBadRequest(fmt.Sprintf("%s: Invalid value: %q", name, q.Get(name)))
		}
		return n, nil
	}
	var errs [3]error
	var limit, seconds uint64
	req.version, errs[0] = number("resourceVersion")
	limit, errs[1] = number("limit")
	seconds, errs[2] = number("timeoutSeconds")
	req.limit, req.timeout = int(min(limit, 1<<30)), time.Duration(min(seconds, 1<<30))*time.Second
	for _, err := range errs {
		if err != nil {
			return nil, err
		}
	}
	if v := q.Get("sendInitialEvents"); v != "" {
		b := v == "true"
		req.initial = &b
	}
	var err error
	if req.isContinue {
		req.token, err = decodeToken(q.Get("continue"))
	}
	return req, err
}

// read returns what a list asks for, a page of it where a limit is set.
func (s *Server) read(req *request) (listing, error) {
	var at uint64
	switch {
	case req.isContinue && req.token.Revision > 0:
		at = uint64(req.token.Revision)
	case !req.isContinue && req.version > 0 && (req.match == metav1.ResourceVersionMatchExact || req.match == "" && req.limit > 0):
		at = req.version // a limit without a match means exactly this version, too
	}
	l, err := s.store.list(req.namespace, req.part, req.token.Start, at, req.limit, req.token.Left)
	if err == nil && req.version > l.version {
		err = errFuture
	}
	if d := s.late.Load(); err == nil && d > 0 && l.left > 0 && !req.isContinue {
		select {
		case <-time.After(time.Duration(d)):
		case <-s.stopping:
		}
		l.version = s.store.Version()
	}
	return l, err
}

// list answers a list.
func (s *Server) list(w http.ResponseWriter, req *request) {
	l, err := s.read(req)
	if err != nil {
		fail(w, req.encoding, s.listError(err, req))
		return
	}
	meta := metav1.ListMeta{ResourceVersion: strconv.FormatUint(l.version, 10)}
	if l.left > 0 {
		last := l.objects[len(l.objects)-1]
		left := int64(l.left)
		if req.part == nil {
			meta.RemainingItemCount = &left
		}
		meta.Continue = token{Revision: int64(l.version), Start: last.key + "\x00", Left: l.left}.encode() //nolint:gosec // versions are small
	}
	if req.part != nil {
		meta.ShardInfo = &metav1.ShardInfo{Selector: req.part.selector}
	}
	data, err := req.encoding.encodeList(meta, l.objects)
	if err != nil {
		fail(w, req.encoding, apierrors.NewInternalError(err))
		return
	}
	w.Header().Set("Content-Type", req.encoding.mediaType(false))
	_, _ = w.Write(data) //nolint:gosec // no browser reads it; a client that has gone needs no answer
}

// listError says what the API server says.
func (s *Server) listError(err error, req *request) error {
	switch {
	case errors.Is(err, errFuture):
		return tooLarge(req.version, s.store.Version())
	case !errors.Is(err, errCompacted):
		return apierrors.NewInternalError(err)
	case req.isContinue:
		e := apierrors.NewResourceExpired(continueExpired)
		e.ErrStatus.Continue = token{Revision: -1, Start: req.token.Start}.encode()
		return e
	}
	return apierrors.NewResourceExpired(listExpired)
}

func tooLarge(asked, current uint64) error {
	e := apierrors.NewTimeoutError(fmt.Sprintf("Too large resource version: %d, current: %d", asked, current), 1)
	e.ErrStatus.Details.Causes = []metav1.StatusCause{{
		Type: metav1.CauseTypeResourceVersionTooLarge, Message: "Too large resource version",
	}}
	return e
}

// fail answers with an error.
func fail(w http.ResponseWriter, e encoding, err error) {
	var status metav1.Status
	if se, ok := errors.AsType[*apierrors.StatusError](err); ok {
		status = se.ErrStatus
	} else {
		status = apierrors.NewInternalError(err).ErrStatus
	}
	data, err := e.encode("Status", &status)
	if err != nil {
		http.Error(w, err.Error(), http.StatusInternalServerError)
		return
	}
	if d := status.Details; d != nil && d.RetryAfterSeconds > 0 {
		w.Header().Set("Retry-After", strconv.Itoa(int(d.RetryAfterSeconds)))
	}
	w.Header().Set("Content-Type", e.mediaType(false))
	w.WriteHeader(int(status.Code))
	_, _ = w.Write(data) //nolint:gosec // no browser reads it; a client that has gone needs no answer
}
