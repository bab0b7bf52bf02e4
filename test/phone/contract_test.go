package phone_test

import (
	"encoding/json"
	"net/http"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/kubebark/kubebark/test/phone"
)

const jsonMedia = "application/json"

// TestAnswers quotes the answers that bark-server 2.3.4 was seen to give.
func TestAnswers(t *testing.T) {
	const form = "application/x-www-form-urlencoded"
	unknown := func(key string) string {
		return "failed to get device token: failed to get [" + key + "] device token from database"
	}
	for name, c := range map[string]struct {
		call    call
		code    int
		message string
	}{
		"json":                  {call{method: "POST", path: "/push", media: jsonMedia, body: `{"device_key":"` + aliceKey + `","body":"b"}`}, 200, "success"},
		"json, charset":         {call{method: "POST", path: "/push", media: jsonMedia + "; charset=utf-8", body: `{"device_key":"` + aliceKey + `","body":"b"}`}, 200, "success"},
		"key in any case":       {call{method: "POST", path: "/push", media: jsonMedia, body: `{"Device_Key":"` + aliceKey + `","BODY":"b"}`}, 200, "success"},
		"form":                  {call{method: "POST", path: "/push", media: form, body: "device_key=" + aliceKey + "&body=b"}, 200, "success"},
		"form knows no batch":   {call{method: "POST", path: "/push", media: form, body: "device_keys=" + aliceKey + "&body=b"}, 400, "device key is empty"},
		"get key":               {call{method: "GET", path: "/" + aliceKey}, 200, "success"},
		"get body":              {call{method: "GET", path: "/" + aliceKey + "/body"}, 200, "success"},
		"get title":             {call{method: "GET", path: "/" + aliceKey + "/title/body"}, 200, "success"},
		"get subtitle":          {call{method: "GET", path: "/" + aliceKey + "/title/subtitle/body"}, 200, "success"},
		"post to key, json":     {call{method: "POST", path: "/" + aliceKey, media: jsonMedia, body: `{"body":"b"}`}, 200, "success"},
		"slash at the end":      {call{method: "GET", path: "/" + aliceKey + "/"}, 200, "success"},
		"five pieces":           {call{method: "GET", path: "/a/b/c/d/e"}, 404, "Cannot GET /a/b/c/d/e"},
		"wrong method":          {call{method: "PUT", path: "/push"}, 405, "Method Not Allowed"},
		"no key":                {call{method: "POST", path: "/push", media: jsonMedia, body: `{"body":"b"}`}, 400, "device key is empty"},
		"key as a number":       {call{method: "POST", path: "/push", media: jsonMedia, body: `{"device_key":7}`}, 400, "device key is empty"},
		"no keys":               {call{method: "POST", path: "/push", media: jsonMedia, body: `{"device_keys":[],"body":"b"}`}, 400, "device key is empty"},
		"keys of a wrong type":  {call{method: "POST", path: "/push", media: jsonMedia, body: `{"device_keys":7}`}, 400, "invalid type for device_keys"},
		"too many keys":         {call{method: "POST", path: "/push", media: jsonMedia, body: `{"device_keys":"a,b,c,d"}`}, 400, "batch push count exceeds the maximum limit: 3"},
		"unknown key":           {call{method: "POST", path: "/push", media: jsonMedia, body: `{"device_key":"nobody"}`}, 400, unknown("nobody")},
		"there are no metrics":  {call{method: "GET", path: "/metrics"}, 400, unknown("metrics")},
		"group as a number":     {call{method: "POST", path: "/push", media: jsonMedia, body: `{"device_key":"` + aliceKey + `","group":7}`}, 500, "interface conversion: interface {} is float64, not string"},
		"id too long":           {call{method: "POST", path: "/push", media: jsonMedia, body: `{"device_key":"` + aliceKey + `","id":"` + strings.Repeat("i", 65) + `"}`}, 500, "push failed: BadCollapseId"},
		"payload too large":     {call{method: "POST", path: "/push", media: jsonMedia, body: `{"device_key":"` + aliceKey + `","body":"` + strings.Repeat("b", 4096) + `"}`}, 500, "push failed: PayloadTooLarge"},
		"body too large":        {call{method: "POST", path: "/push", media: jsonMedia, body: strings.Repeat(" ", 4<<20+1)}, 413, "Request Entity Too Large"},
		"ping":                  {call{method: "GET", path: "/ping"}, 200, "pong"},
		"registered":            {call{method: "GET", path: "/register/" + aliceKey}, 200, "success"},
		"not registered":        {call{method: "GET", path: "/register/nobody"}, 400, unknown("nobody")},
		"register, no token":    {call{method: "GET", path: "/register?key=" + aliceKey}, 400, "device token is empty"},
		"register, known key":   {call{method: "GET", path: "/register?key=" + aliceKey + "&devicetoken=t"}, 200, "success"},
		"register, unknown key": {call{method: "POST", path: "/register", media: jsonMedia, body: `{"device_key":"mine","device_token":"t"}`}, 200, "success"},
	} {
		t.Run(name, func(t *testing.T) {
			l := newLab(t, phone.Options{MaxBatch: 3})
			res, body := l.do(t, c.call)
			var e struct {
				Code      int
				Message   string
				Timestamp int64
			}
			if err := json.Unmarshal([]byte(body), &e); err != nil {
				t.Fatalf("answer %q: %v", body, err)
			}
			if res.StatusCode != c.code || e.Code != c.code || e.Message != c.message || e.Timestamp == 0 {
				t.Errorf("got %d %s, want %d %q in the envelope", res.StatusCode, body, c.code, c.message)
			}
		})
	}
}

func TestBrokenJSON(t *testing.T) {
	l := newLab(t, phone.Options{})
	res, body := l.do(t, call{method: "POST", path: "/push", media: jsonMedia, body: `{"body":`})
	if res.StatusCode != http.StatusBadRequest || !strings.Contains(body, `"request bind failed: `) {
		t.Errorf("got %d %s", res.StatusCode, body)
	}
}

func TestPlainAnswers(t *testing.T) {
	l := newLab(t, phone.Options{User: "u", Password: "p"})
	basic := func(user, pass string) http.Header {
		r := http.Request{Header: http.Header{}}
		r.SetBasicAuth(user, pass)
		return r.Header
	}
	for name, c := range map[string]struct {
		call call
		code int
		text string
	}{
		"health is free":       {call{method: "GET", path: "/healthz"}, 200, "ok"},
		"root is free":         {call{method: "GET", path: "/"}, 200, "ok"},
		"push without auth":    {call{method: "POST", path: "/push"}, 418, "I'm a teapot"},
		"push with wrong auth": {call{method: "POST", path: "/push", header: basic("u", "x")}, 418, "I'm a teapot"},
		"info without auth":    {call{method: "GET", path: "/info"}, 418, "I'm a teapot"},
		"key without auth":     {call{method: "GET", path: "/" + aliceKey + "/b"}, 418, "I'm a teapot"},
	} {
		t.Run(name, func(t *testing.T) {
			res, body := l.do(t, c.call)
			media := res.Header.Get("Content-Type")
			if res.StatusCode != c.code || body != c.text || !strings.HasPrefix(media, "text/plain") {
				t.Errorf("got %d %q (%s), want %d %q as text/plain", res.StatusCode, body, media, c.code, c.text)
			}
		})
	}
	for _, path := range []string{"/ping", "/register/" + aliceKey} {
		if res, body := l.do(t, call{method: "GET", path: path}); res.StatusCode != http.StatusOK {
			t.Errorf("%s is free of auth, but: %d %s", path, res.StatusCode, body)
		}
	}
	c := jsonPush(t, to("body", "b"))
	c.header = basic("u", "p")
	if res, body := l.do(t, c); res.StatusCode != http.StatusOK {
		t.Errorf("push with auth: %d %s", res.StatusCode, body)
	}
}

func TestBatch(t *testing.T) {
	l := newLab(t, phone.Options{})
	l.bob.Fail(phone.APNs("TooManyRequests"))
	for name, keys := range map[string]any{
		"list":   []string{aliceKey, "nobody", bobKey, aliceKey},
		"string": strings.Join([]string{aliceKey, "nobody", bobKey, aliceKey}, ","),
	} {
		t.Run(name, func(t *testing.T) {
			before := l.alice.State().Received
			res, body := l.do(t, jsonPush(t, map[string]any{"device_keys": keys, "body": "b"}))
			var got struct {
				Code int
				Data any
			}
			if err := json.Unmarshal([]byte(body), &got); err != nil {
				t.Fatal(err)
			}
			want := []any{
				map[string]any{"code": 200.0, "device_key": aliceKey},
				map[string]any{"code": 400.0, "device_key": "nobody", "message": "failed to get device token: failed to get [nobody] device token from database"},
				map[string]any{"code": 500.0, "device_key": bobKey, "message": "push failed: TooManyRequests"},
				map[string]any{"code": 200.0, "device_key": aliceKey},
			}
			if diff := cmp.Diff(want, got.Data); diff != "" || res.StatusCode != http.StatusOK || got.Code != 200 {
				t.Errorf("%d, data (-want +got):\n%s", res.StatusCode, diff)
			}
			if n := l.alice.State().Received - before; n != 2 {
				t.Errorf("a key named twice was pushed to %d times", n)
			}
		})
	}
}

// A group that is no string ends the real server's process in a batch.
func TestBatchCrash(t *testing.T) {
	l := newLab(t, phone.Options{})
	c := jsonPush(t, map[string]any{"device_keys": []string{aliceKey}, "group": 7})
	req, err := http.NewRequestWithContext(t.Context(), c.method, l.url+c.path, strings.NewReader(c.body))
	if err != nil {
		t.Fatal(err)
	}
	req.Header.Set("Content-Type", c.media)
	res, err := http.DefaultTransport.RoundTrip(req)
	if err == nil {
		res.Body.Close()
		t.Fatalf("answered %s instead of dying", res.Status)
	}
	if got := l.Crashes(); got != 1 {
		t.Errorf("%d crashes counted, want 1", got)
	}
}

func TestInfo(t *testing.T) {
	l := newLab(t, phone.Options{})
	_, body := l.do(t, call{method: "GET", path: "/info"})
	var got map[string]any
	if err := json.Unmarshal([]byte(body), &got); err != nil {
		t.Fatal(err)
	}
	if _, enveloped := got["code"]; enveloped || got["version"] != "v2.3.4" || got["devices"] != 2.0 {
		t.Errorf("info: %s", body)
	}
}
