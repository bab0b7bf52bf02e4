package phone_test

import (
	"bufio"
	"context"
	"encoding/json"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/kubebark/kubebark/test/phone"
)

func TestPages(t *testing.T) {
	l := newLab(t, phone.Options{User: "u", Password: "p"}) // the page is not bark-server's: no auth
	html := http.Header{"Accept": {"text/html,*/*"}}
	for name, c := range map[string]struct {
		call call
		code int
		text string
	}{
		"root, by a browser": {call{method: "GET", path: "/", header: html}, 302, "/phone/"},
		"overview":           {call{method: "GET", path: "/phone/"}, 200, "Alice&#39;s phone"},
		"device":             {call{method: "GET", path: l.alice.Path()}, 200, `data-device="alices-phone"`},
		"no such device":     {call{method: "GET", path: "/phone/nobody"}, 404, ""},
		"script":             {call{method: "GET", path: "/phone/-/main.js"}, 200, "EventSource"},
		"style":              {call{method: "GET", path: "/phone/-/card.css"}, 200, ".card"},
		"icon":               {call{method: "GET", path: "/phone/-/icon.svg"}, 200, "<svg"},
		"no such file":       {call{method: "GET", path: "/phone/-/x.js"}, 404, ""},
		"post":               {call{method: "POST", path: "/phone/"}, 405, ""},
	} {
		t.Run(name, func(t *testing.T) {
			res, body := l.do(t, c.call)
			if res.StatusCode != c.code || !strings.Contains(body, c.text) {
				t.Errorf("got %d %.200q, want %d with %q", res.StatusCode, body, c.code, c.text)
			}
			if !strings.Contains(res.Header.Get("Content-Security-Policy"), "default-src 'none'") {
				t.Error("no content security policy")
			}
		})
	}
	if got := len(l.Requests()); got != 0 {
		t.Errorf("the page's own requests are recorded as pushes: %d", got)
	}
}

func TestStream(t *testing.T) {
	l := newLab(t, phone.Options{})
	ctx, cancel := context.WithTimeout(t.Context(), 30*time.Second)
	defer cancel()
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, l.url+"/phone/-/events", nil)
	if err != nil {
		t.Fatal(err)
	}
	res, err := http.DefaultTransport.RoundTrip(req)
	if err != nil {
		t.Fatal(err)
	}
	defer res.Body.Close()
	lines := bufio.NewScanner(res.Body)
	lines.Buffer(nil, 1<<20)

	nextSnapshot(t, lines, func(v snapshot) bool { return len(v.Devices) == 2 && len(v.Devices[0].Notifications) == 0 })
	l.push(t, to("title", "disk", "id", "a", "group", aliceKey))
	l.do(t, call{method: "GET", path: "/" + aliceKey + "/secret"})
	v := nextSnapshot(t, lines, func(v snapshot) bool { return len(v.Devices[0].Notifications) == 2 && v.Log[0].Status == 200 })
	if len(v.Log) != 2 || v.Log[1].Path != "/push" || v.Log[0].Path != "/…/…" || v.Log[1].Devices[0] != "alices-phone" {
		t.Errorf("log: %+v", v.Log)
	}
	for _, line := range v.Log {
		for _, f := range line.Fields {
			if f.Name == "device_key" && f.Value != "ali…" {
				t.Errorf("key shown as %q", f.Value)
			}
		}
	}
	l.Close() // ends the stream
	for lines.Scan() {
	}
	if err := lines.Err(); err != nil {
		t.Errorf("stream ended with %v", err)
	}
}

type snapshot struct {
	Devices []struct {
		Name          string
		Notifications []phone.Notification
	}
	Log []struct {
		Path, Message string
		Status        int
		Devices       []string
		Fields        []struct{ Name, Value string }
	}
}

// nextSnapshot reads on until ok likes one.
func nextSnapshot(t *testing.T, lines *bufio.Scanner, ok func(snapshot) bool) snapshot {
	t.Helper()
	for lines.Scan() {
		data, is := strings.CutPrefix(lines.Text(), "data: ")
		if !is {
			continue
		}
		var v snapshot
		if err := json.Unmarshal([]byte(data), &v); err != nil {
			t.Fatal(err)
		}
		if ok(v) {
			return v
		}
	}
	t.Fatalf("stream ended: %v", lines.Err())
	return snapshot{}
}
