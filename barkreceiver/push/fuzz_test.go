package push

import (
	"bytes"
	"io"
	"net/http"
	"strings"
	"testing"
	"time"
)

// canned answers everything alike, without a network.
type canned struct {
	status int
	header http.Header
	body   []byte
}

func (c canned) RoundTrip(r *http.Request) (*http.Response, error) {
	return &http.Response{StatusCode: c.status, Header: c.header, Body: io.NopCloser(bytes.NewReader(c.body)), Request: r}, nil
}

// FuzzAnswer: whatever a bark-server answers, each device has a result, nobody
// counts as told but by a 200 of its own, and no key is in what is said.
func FuzzAnswer(f *testing.F) {
	const one, two = "CanaryKeyOne0000000001", "CanaryKeyTwo0000000002"
	f.Add(200, []byte(`{"code":200,"message":"success","data":[{"code":200,"device_key":"`+one+`"},{"code":400,"message":"`+two+`"}]}`), "")
	f.Add(400, []byte(`{"code":400,"message":"batch push count exceeds the maximum limit: 1"}`), "7")
	f.Add(500, []byte(`{"code":500,"message":"push failed: Unregistered"}`), "Wed, 25 Nov 2026 10:00:00 GMT")
	f.Add(110, []byte("device_key: "+one[:4]+"\xe2"+one[4:]), "\xa3")
	f.Add(302, []byte(`<html>`+one), "-99999999999999999999")
	f.Fuzz(func(t *testing.T, status int, body []byte, after string) {
		if status/100 == 3 {
			status = 300 // no client follows that
		}
		for _, n := range []int{1, 2} {
			c, _ := newClient(t, "http://127.0.0.1:1")
			c.http = &http.Client{Transport: canned{status, http.Header{"Retry-After": {after}}, body}}
			rs := push(t.Context(), c, &Params{Title: "t"}, devices(one, two)[:n])
			for _, r := range rs {
				if r.Outcome == Delivered && (status != 200 || !bytes.Contains(body, []byte("200"))) {
					t.Errorf("status %d %s: %+v", status, body, r)
				}
				if r.Outcome != Delivered && r.Detail == "" {
					t.Errorf("status %d %s: no detail", status, body)
				}
				if strings.Contains(r.Detail, one) || n == 2 && strings.Contains(r.Detail, two) {
					t.Errorf("the key is said: %s", r.Detail)
				}
			}
			if r, held := c.pauses.failing(time.Now().Add(30 * 24 * time.Hour)); held {
				t.Errorf("a month of silence: %+v", r)
			}
		}
	})
}
