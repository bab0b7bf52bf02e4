package phone_test

import (
	"context"
	"encoding/json"
	"io"
	"maps"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/kubebark/kubebark/test/phone"
)

// lab is a server with two phones, and a way to call it.
type lab struct {
	*phone.Server
	alice, bob *phone.Device
	url        string
}

const (
	aliceKey = "aliceKey22characters01"
	bobKey   = "bobKey22characters0002"
)

func newLab(t *testing.T, o phone.Options) lab {
	t.Helper()
	s := phone.New(o)
	l := lab{
		Server: s,
		alice:  s.AddDevice(phone.DeviceOptions{Name: "Alice's phone", Key: aliceKey, Token: "alice-token"}),
		bob:    s.AddDevice(phone.DeviceOptions{Name: "Bob", Key: bobKey, Token: "bob-token"}),
	}
	srv := httptest.NewServer(s)
	t.Cleanup(srv.Close)
	t.Cleanup(s.Close) // first: srv.Close waits for streams
	l.url = srv.URL
	return l
}

// call is one request as a test table has it.
type call struct {
	method, path, media, body string
	header                    http.Header
}

func (l lab) do(t *testing.T, c call) (*http.Response, string) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 30*time.Second)
	defer cancel()
	req, err := http.NewRequestWithContext(ctx, c.method, l.url+c.path, strings.NewReader(c.body))
	if err != nil {
		t.Fatal(err)
	}
	maps.Copy(req.Header, c.header)
	if c.media != "" {
		req.Header.Set("Content-Type", c.media)
	}
	res, err := http.DefaultTransport.RoundTrip(req) // follows no redirects
	if err != nil {
		t.Fatal(err)
	}
	defer res.Body.Close()
	b, err := io.ReadAll(res.Body)
	if err != nil {
		t.Fatal(err)
	}
	return res, string(b)
}

// push sends a JSON push and fails the test if it is not accepted.
func (l lab) push(t *testing.T, fields map[string]any) {
	t.Helper()
	res, body := l.do(t, jsonPush(t, fields))
	if res.StatusCode != http.StatusOK {
		t.Fatalf("push %v: %d %s", fields, res.StatusCode, body)
	}
}

func jsonPush(t *testing.T, fields map[string]any) call {
	t.Helper()
	b, err := json.Marshal(fields)
	if err != nil {
		t.Fatal(err)
	}
	return call{method: "POST", path: "/push", media: "application/json", body: string(b)}
}

// to makes a push for Alice; kv are names and values in turn.
func to(kv ...any) map[string]any {
	m := map[string]any{"device_key": aliceKey}
	for i := 0; i < len(kv); i += 2 {
		m[kv[i].(string)] = kv[i+1]
	}
	return m
}
