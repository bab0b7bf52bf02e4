package phone

import (
	"net/http"
	"slices"
	"time"
)

// Request is one request on the push API as it came, and the answer it got.
type Request struct {
	seq int // counts the server's requests from 1

	Time   time.Time
	Method string
	Path   string // with the query, escaped as sent
	Header http.Header
	Body   []byte

	Keys   []string // the device keys it names
	Params Params   // what it asks for, as bark-server reads it

	Status int    // 0 while unanswered; -1 if the connection was cut instead
	Answer []byte // the response's body
	Took   time.Duration
}

func (r *Request) clone() Request {
	c := *r
	c.Keys = slices.Clone(r.Keys)
	return c
}

func (r *Request) names(key string) bool { return slices.Contains(r.Keys, key) }
