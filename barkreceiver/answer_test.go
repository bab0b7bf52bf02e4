package barkreceiver

import (
	"io"
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/prometheus/client_golang/prometheus/testutil"

	"github.com/kubebark/kubebark/barkreceiver/webhook"
)

const (
	unknownKey = "400 failed to get device token: failed to get [" + keyBob + "] device token from database"
	appleDown  = `500 push failed: Post "https://api.push.apple.com/3/device/0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef": dial tcp: i/o timeout`
)

// TestAnswers is the table of answers that users are promised.
func TestAnswers(t *testing.T) {
	firing := group("oncall", "firing", "09:00", "first notification")
	for _, tt := range []struct {
		name, path, body string
		alice, bob       string // what their server says
		code             int
		text             string
	}{
		{"every device has it", "/webhook", firing, "", "", 200, "alice: delivered"},
		{"by path", "/webhook/oncall", firing, "", "", 200, "bob: delivered"},
		{"by path, with namespace and name", "/webhook/ns/cfg/oncall", firing, "", "", 200, "delivered"},
		{"by path, escaped", "/webhook/ns%2Fcfg%2Foncall", firing, "", "", 200, "delivered"},
		{"the operator's name", "/webhook", group("ns/cfg/oncall", "firing", "09:00", ""), "", "", 200, "delivered"},
		{"one has it, the other refuses", "/webhook", firing, "", unknownKey, 200, "bob: refused (400: failed to get device token: failed to get [***] device token from database)"},
		{"one has it, the other may", "/webhook", firing, "", "500 push failed: TooManyRequests", 503, "bob: retry"},
		{"one may, the other refuses", "/webhook", firing, "500 push failed: Unregistered", "500 push failed: TooManyRequests", 503, "alice: refused"},
		{"both refuse", "/webhook", firing, "400 failed to get device token: device token invalid", unknownKey, 422, "alice: refused"},
		{"the server's way to Apple is blocked", "/webhook", firing, appleDown, appleDown, 503, "/3/device/***"},
		{"told of no all-clear", "/webhook", group("quiet", "resolved", "09:00", "all alerts resolved"), "", "", 200, "not told"},
		{"no such receiver", "/webhook", group("nobody", "firing", "09:00", ""), "", "", 404, `no receiver "nobody"`},
		{"no such receiver by path", "/webhook/nobody", firing, "", "", 404, `no receiver "nobody"`},
		{"no JSON", "/webhook", "hello", "", "", 400, "invalid character"},
		{"no JSON by path", "/webhook/oncall", "hello", "", "", 400, "invalid character"},
		{"another version", "/webhook", strings.Replace(firing, `"4"`, `"3"`, 1), "", "", 400, `version "3"`},
		{"a body cut off", "/webhook", firing[:100], "", "", 400, "unexpected end of JSON input"},
		{"too large", "/webhook", firing + strings.Repeat(" ", webhook.MaxSize), "", "", 413, "max_alerts"},
		{"too large by path", "/webhook/oncall", firing + strings.Repeat(" ", webhook.MaxSize), "", "", 200, "delivered"},
		{"too large by path, and nobody there", "/webhook/oncall", firing + strings.Repeat(" ", webhook.MaxSize), appleDown, appleDown, 503, "retry"},
		{"just not too large", "/webhook", firing + strings.Repeat(" ", webhook.MaxSize-len(firing)), "", "", 200, "delivered"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			f := newFixture(t, twoDevices)
			f.bark.set(keyAlice, tt.alice)
			f.bark.set(keyBob, tt.bob)
			code, text := f.post(tt.path, strings.NewReader(tt.body))
			if code != tt.code || !strings.Contains(text, tt.text) {
				t.Errorf("answer %d %q, want %d %q", code, text, tt.code, tt.text)
			}
			f.wantNoSecrets(t, text)
		})
	}
}

// wantNoSecrets looks for keys and tokens wherever they could get out.
func (f *fixture) wantNoSecrets(t *testing.T, texts ...string) {
	t.Helper()
	metrics := new(strings.Builder)
	families, err := f.reg.Gather()
	if err != nil {
		t.Fatal(err)
	}
	for _, m := range families {
		metrics.WriteString(m.String())
	}
	for _, s := range append(texts, f.log.String(), metrics.String()) {
		for _, secret := range []string{keyAlice, keyBob, "0123456789abcdef0123"} {
			if strings.Contains(s, secret) {
				t.Errorf("a secret is in %s", s)
			}
		}
	}
}

// A body of unknown length must not be held to be small.
func TestChunkedBodyTooLarge(t *testing.T) {
	f := newFixture(t, twoDevices)
	body := io.MultiReader(strings.NewReader(strings.Repeat(" ", webhook.MaxSize+1)))
	if code, text := f.post("/webhook", struct{ io.Reader }{body}); code != http.StatusRequestEntityTooLarge {
		t.Errorf("%d %s", code, text)
	}
}

// A message without the token is not even read.
func TestBearerToken(t *testing.T) {
	f := newFixture(t, twoDevices)
	f.write(t, "token", "CanaryToken000000001\n")
	f.write(t, "c.yml", strings.ReplaceAll(twoDevices, "SERVER", f.bark.URL)+"webhook: {bearer_token_file: token}\n")
	if _, err := f.Apply(); err != nil {
		t.Fatal(err)
	}
	for header, want := range map[string]int{
		"":                              http.StatusUnauthorized,
		"Bearer":                        http.StatusUnauthorized,
		"Bearer ":                       http.StatusUnauthorized,
		"Bearer CanaryToken00000000":    http.StatusUnauthorized,
		"Bearer CanaryToken0000000010":  http.StatusUnauthorized,
		"Basic CanaryToken000000001":    http.StatusUnauthorized,
		"Bearer CanaryToken000000001":   http.StatusOK,
		"bearer CanaryToken000000001":   http.StatusOK,
		"Bearer  CanaryToken000000001 ": http.StatusUnauthorized,
	} {
		for _, path := range []string{"/webhook", "/webhook/oncall"} {
			r := httptest.NewRequest(http.MethodPost, path, strings.NewReader(group("oncall", "firing", "09:00", "")))
			r.Header.Set("Authorization", header)
			w := httptest.NewRecorder()
			f.web.ServeHTTP(w, r)
			if w.Code != want || (want == http.StatusUnauthorized) != (w.Header().Get("WWW-Authenticate") == "Bearer") {
				t.Errorf("%q: %d %s", header, w.Code, w.Body)
			}
			if f.wantNoSecrets(t, w.Body.String()); strings.Contains(w.Body.String()+f.log.String(), "CanaryToken") {
				t.Error("the token is told")
			}
		}
	}
	if n := testutil.ToFloat64(f.metrics.webhooks.WithLabelValues("", "401")); n != 14 {
		t.Errorf("%v are counted", n)
	}
	f.write(t, "token", "another one of length\n") // and is in force at once
	if files, err := f.Apply(); err != nil || !slices.Contains(files, filepath.Join(f.dir, "token")) {
		t.Errorf("%v %v", files, err)
	}
	if code, _ := f.post("/webhook", strings.NewReader("{}")); code != http.StatusUnauthorized {
		t.Error(code)
	}
}

func TestOtherMethods(t *testing.T) {
	f := newFixture(t, twoDevices)
	for _, method := range []string{http.MethodGet, http.MethodPut, http.MethodDelete} {
		w := newRecorder(f.web, method, "/webhook")
		if w.Code != http.StatusMethodNotAllowed {
			t.Errorf("%s: %d", method, w.Code)
		}
	}
}

func TestDefaultReceiver(t *testing.T) {
	f := newFixture(t, twoDevices+"default_receiver: quiet\n")
	for _, path := range []string{"/webhook", "/webhook/nobody"} {
		code, text := f.post(path, strings.NewReader(group("nobody", "firing", "09:00", "first notification")))
		if code != http.StatusOK {
			t.Errorf("%s: %d %s", path, code, text)
		}
	}
	if keys, _ := f.bark.got(); keys != keyAlice {
		t.Error("pushed to", keys == "", "others")
	}
}

func TestMetrics(t *testing.T) {
	f := newFixture(t, twoDevices)
	f.bark.set(keyBob, unknownKey)
	f.post("/webhook", strings.NewReader(group("oncall", "firing", "09:00", "")))
	f.post("/webhook", strings.NewReader(group("oncall", "firing", "09:00", "")))
	f.post("/webhook", strings.NewReader(group("nobody", "firing", "09:00", "")))
	f.post("/webhook", strings.NewReader(group("oncall", "firing", "09:00", "")[:50]))
	want := `
# HELP alertmanager_bark_pushes_total Pushes to a device by outcome: delivered, duplicate (the device had it), refused (for good) or retry (it may work another time).
# TYPE alertmanager_bark_pushes_total counter
alertmanager_bark_pushes_total{outcome="delivered",receiver="oncall"} 1
alertmanager_bark_pushes_total{outcome="delivered",receiver="quiet"} 0
alertmanager_bark_pushes_total{outcome="duplicate",receiver="oncall"} 1
alertmanager_bark_pushes_total{outcome="duplicate",receiver="quiet"} 0
alertmanager_bark_pushes_total{outcome="refused",receiver="oncall"} 2
alertmanager_bark_pushes_total{outcome="refused",receiver="quiet"} 0
alertmanager_bark_pushes_total{outcome="retry",receiver="oncall"} 0
alertmanager_bark_pushes_total{outcome="retry",receiver="quiet"} 0
# HELP alertmanager_bark_webhooks_total Messages from Alertmanager by configured receiver, empty where none matches, and the HTTP status they were answered with.
# TYPE alertmanager_bark_webhooks_total counter
alertmanager_bark_webhooks_total{code="200",receiver="oncall"} 2
alertmanager_bark_webhooks_total{code="200",receiver="quiet"} 0
alertmanager_bark_webhooks_total{code="400",receiver=""} 1
alertmanager_bark_webhooks_total{code="404",receiver=""} 1
alertmanager_bark_webhooks_total{code="422",receiver="oncall"} 0
alertmanager_bark_webhooks_total{code="422",receiver="quiet"} 0
alertmanager_bark_webhooks_total{code="503",receiver="oncall"} 0
alertmanager_bark_webhooks_total{code="503",receiver="quiet"} 0
`
	err := testutil.GatherAndCompare(f.reg, strings.NewReader(want), "alertmanager_bark_pushes_total", "alertmanager_bark_webhooks_total")
	if err != nil {
		t.Error(err)
	}
	problems, err := testutil.GatherAndLint(f.reg)
	if err != nil || len(problems) > 0 {
		t.Error(problems, err)
	}
}
