package phone_test

import (
	"bytes"
	"encoding/json"
	"mime/multipart"
	"net/http"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/kubebark/kubebark/test/phone"
)

// last is what the phone shows on top.
func last(t *testing.T, d *phone.Device) phone.Notification {
	t.Helper()
	s := d.State()
	if len(s.Notifications) == 0 {
		t.Fatal("nothing on the lock screen")
	}
	return s.Notifications[0]
}

func TestTexts(t *testing.T) {
	const form = "application/x-www-form-urlencoded"
	multi, multiBody := multipartForm(t, map[string]string{"title": "T", "body": "B"})
	type texts struct{ Title, Subtitle, Body string }
	for name, c := range map[string]struct {
		call call
		want texts
	}{
		"path of two":         {call{method: "GET", path: "/" + aliceKey + "/B"}, texts{"", "", "B"}},
		"path of three":       {call{method: "GET", path: "/" + aliceKey + "/T/B"}, texts{"T", "", "B"}},
		"path of four":        {call{method: "POST", path: "/" + aliceKey + "/T/S/B"}, texts{"T", "S", "B"}},
		"plus and slash":      {call{method: "GET", path: "/" + aliceKey + "/a+b%2Fc"}, texts{"", "", "a b/c"}},
		"query":               {call{method: "GET", path: "/" + aliceKey + "?title=T&body=B"}, texts{"T", "", "B"}},
		"form":                {call{method: "POST", path: "/" + aliceKey, media: form, body: "title=T&subtitle=S&body=a%2Bb"}, texts{"T", "S", "a+b"}},
		"multipart":           {call{method: "POST", path: "/" + aliceKey, media: multi, body: multiBody}, texts{"T", "", "B"}},
		"form beats query":    {call{method: "POST", path: "/" + aliceKey + "?body=query", media: form, body: "body=form"}, texts{"", "", "form"}},
		"path beats form":     {call{method: "POST", path: "/" + aliceKey + "/path", media: form, body: "body=form"}, texts{"", "", "path"}},
		"query beats json":    {call{method: "POST", path: "/" + aliceKey + "?body=query", media: jsonMedia, body: `{"body":"json"}`}, texts{"", "", "query"}},
		"path beats json":     {call{method: "POST", path: "/" + aliceKey + "/path", media: jsonMedia, body: `{"body":"json"}`}, texts{"", "", "path"}},
		"nothing":             {call{method: "GET", path: "/" + aliceKey}, texts{"", "", "Empty Message"}},
		"a title is enough":   {call{method: "GET", path: "/" + aliceKey + "?title=T"}, texts{"T", "", ""}},
		"title as a number":   {call{method: "POST", path: "/" + aliceKey, media: jsonMedia, body: `{"title":5,"body":"B"}`}, texts{"", "", "B"}},
		"ciphertext, no body": {call{method: "GET", path: "/" + aliceKey + "?ciphertext=!"}, texts{"", "", "Decryption Failed"}},
	} {
		t.Run(name, func(t *testing.T) {
			l := newLab(t, phone.Options{})
			if res, body := l.do(t, c.call); res.StatusCode != http.StatusOK {
				t.Fatalf("%d %s", res.StatusCode, body)
			}
			n := last(t, l.alice)
			if diff := cmp.Diff(c.want, texts{n.Title, n.Subtitle, n.Body}); diff != "" {
				t.Errorf("texts (-want +got):\n%s", diff)
			}
		})
	}
}

func multipartForm(t *testing.T, fields map[string]string) (media, body string) {
	t.Helper()
	var b bytes.Buffer
	w := multipart.NewWriter(&b)
	for k, v := range fields {
		if err := w.WriteField(k, v); err != nil {
			t.Fatal(err)
		}
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return w.FormDataContentType(), b.String()
}

// Values that are no strings reach the phone as Go prints them, names in
// lower case, nested objects flattened.
func TestCustomFields(t *testing.T) {
	l := newLab(t, phone.Options{})
	body := `{"device_key":"` + aliceKey + `","body":"b","id":7,"isArchive":true,"n":null,
		"list":[1,2],"ttl":2592000,"nested":{"Deep":1},"url":"bark://x","Copy":"c"}`
	if res, answer := l.do(t, call{method: "POST", path: "/push", media: jsonMedia, body: body}); res.StatusCode != http.StatusOK {
		t.Fatalf("%d %s", res.StatusCode, answer)
	}
	n := last(t, l.alice)
	want := map[string]string{
		"id": "7", "isarchive": "true", "n": "<nil>", "list": "[1 2]", "ttl": "2.592e+06",
		"deep": "1", "url": "bark://x", "copy": "c",
	}
	if diff := cmp.Diff(want, n.Custom); diff != "" {
		t.Errorf("custom fields (-want +got):\n%s", diff)
	}
	if n.ID == "7" {
		t.Error("an id that is a number became a collapse id")
	}
	if len(l.alice.State().History) != 0 {
		t.Error("isArchive true was archived; only the string 1 means that")
	}
}

// With title t, group g and id i, the largest plain body has 3947 bytes.
func TestPayloadLimit(t *testing.T) {
	l := newLab(t, phone.Options{})
	for name, c := range map[string]struct {
		body string
		cost int
	}{
		"ascii":   {"b", 1},
		"less":    {"<", 6},
		"quote":   {`"`, 2},
		"newline": {"\n", 2},
		"accent":  {"é", 2},
		"chinese": {"汉", 3},
		"emoji":   {"🔥", 4},
	} {
		t.Run(name, func(t *testing.T) {
			const room = 3947
			n := room / c.cost
			rest := strings.Repeat("b", room%c.cost)
			fits := strings.Repeat(c.body, n) + rest
			l.push(t, to("title", "t", "group", "g", "id", "i", "body", fits))
			res, answer := l.do(t, jsonPush(t, to("title", "t", "group", "g", "id", "i", "body", fits+"b")))
			if res.StatusCode != http.StatusInternalServerError || !strings.Contains(answer, "push failed: PayloadTooLarge") {
				t.Errorf("one byte more: %d %s", res.StatusCode, answer)
			}
		})
	}
}

func TestRegister(t *testing.T) {
	l := newLab(t, phone.Options{})
	l.alice.Fail(phone.APNs("Unregistered"))
	want := []string{
		"push failed: Unregistered",
		"failed to get device token: device token invalid",
		"failed to get device token: device token invalid",
	}
	for i, message := range want {
		if _, body := l.do(t, jsonPush(t, to("body", "b"))); !strings.Contains(body, message) {
			t.Errorf("push %d: %s, want %q", i+1, body, message)
		}
	}
	l.alice.Fail(nil)
	l.alice.Register()
	l.push(t, to("body", "b"))

	_, body := l.do(t, call{method: "GET", path: "/register?key=unknown&devicetoken=new"})
	var got struct{ Data map[string]string }
	if err := json.Unmarshal([]byte(body), &got); err != nil {
		t.Fatal(err)
	}
	key := got.Data["device_key"]
	if key == "unknown" || key == "" || got.Data["key"] != key || got.Data["device_token"] != "new" {
		t.Errorf("register of an unknown key: %s", body)
	}
	l.push(t, map[string]any{"device_key": key, "body": "b"})
}
