package phone_test

import (
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"strings"
	"testing"

	"github.com/kubebark/kubebark/test/phone"
)

// vector is one of testdata/encryption-vectors.json, made with OpenSSL and
// two other libraries that agree.
type vector struct{ Name, Key, IV, Plain, Cipher string }

func vectors(t *testing.T) []vector {
	t.Helper()
	b, err := os.ReadFile("testdata/encryption-vectors.json")
	if err != nil {
		t.Fatal(err)
	}
	var vs []vector
	if err := json.Unmarshal(b, &vs); err != nil {
		t.Fatal(err)
	}
	// The example of the app's own documentation.
	return append(vs, vector{
		Name: "AES-128-CBC the app's own", Key: "1234567890123456", IV: "1234567890123456",
		Plain:  `{"body": "test", "sound": "birdsong"}`,
		Cipher: "+aPt5cwN9GbTLLSFri60l3h1X00u/9j1FENfWiTxhNHVLGU+XoJ15JJG5W/d/yf0",
	})
}

// sealed pushes a ciphertext to a phone that is set to decrypt with c.
func sealed(t *testing.T, c phone.Cipher, fields url.Values) phone.Notification {
	t.Helper()
	s := phone.New(phone.Options{})
	defer s.Close()
	d := s.AddDevice(phone.DeviceOptions{Key: "k", Cipher: c})
	r := httptest.NewRequest(http.MethodPost, "/k", strings.NewReader(fields.Encode()))
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	w := httptest.NewRecorder()
	s.ServeHTTP(w, r)
	if w.Code != 200 {
		t.Fatalf("%d %s", w.Code, w.Body)
	}
	return last(t, d)
}

func TestDecrypt(t *testing.T) {
	for _, v := range vectors(t) {
		t.Run(v.Name, func(t *testing.T) {
			algorithm, _, _ := strings.Cut(strings.ToLower(v.Name), " ")
			n := sealed(t, phone.Cipher{Algorithm: algorithm, Key: v.Key},
				url.Values{"ciphertext": {v.Cipher}, "iv": {v.IV}, "group": {"outside"}, "level": {"passive"}})
			var want map[string]any
			if err := json.Unmarshal([]byte(v.Plain), &want); err != nil {
				t.Fatal(err)
			}
			for name, value := range want {
				if n.Custom[name] != fmt.Sprint(value) {
					t.Errorf("%s = %q, want %q", name, n.Custom[name], value)
				}
			}
			if title, ok := want["title"]; ok && n.Title != title {
				t.Errorf("title %q, want %q", n.Title, title)
			}
			if n.Body != want["body"] || n.Failed || !n.Encrypted {
				t.Errorf("shown: %+v", n)
			}
			if n.Level == phone.Passive {
				t.Error("a level outside the ciphertext counted")
			}
		})
	}
}

func TestDecryptionFails(t *testing.T) {
	v := vectors(t)[3] // GCM, which notices a changed byte
	good := phone.Cipher{Algorithm: "aes-256-gcm", Key: v.Key}
	for name, c := range map[string]struct {
		cipher phone.Cipher
		fields url.Values
	}{
		"no key":      {phone.Cipher{}, url.Values{"ciphertext": {v.Cipher}, "iv": {v.IV}}},
		"other key":   {phone.Cipher{Algorithm: "aes-256-gcm", Key: strings.Repeat("k", 32)}, url.Values{"ciphertext": {v.Cipher}, "iv": {v.IV}}},
		"other mode":  {phone.Cipher{Algorithm: "aes-256-cbc", Key: v.Key}, url.Values{"ciphertext": {v.Cipher}, "iv": {v.IV}}},
		"other size":  {phone.Cipher{Algorithm: "aes-128-gcm", Key: v.Key}, url.Values{"ciphertext": {v.Cipher}, "iv": {v.IV}}},
		"no iv":       {good, url.Values{"ciphertext": {v.Cipher}}},
		"other iv":    {good, url.Values{"ciphertext": {v.Cipher}, "iv": {"000000000000"}}},
		"not base64":  {good, url.Values{"ciphertext": {"%"}, "iv": {v.IV}}},
		"broken":      {good, url.Values{"ciphertext": {"AAAA" + v.Cipher[4:]}, "iv": {v.IV}}},
		"empty":       {good, url.Values{"ciphertext": {""}, "iv": {v.IV}}},
		"cbc, broken": {phone.Cipher{Algorithm: "aes-256-cbc", Key: v.Key}, url.Values{"ciphertext": {"AAAA"}, "iv": {"0123456789abcdef"}}},
	} {
		t.Run(name, func(t *testing.T) {
			n := sealed(t, c.cipher, c.fields)
			if n.Body != "Decryption Failed" || !n.Failed {
				t.Errorf("shown: %+v", n)
			}
		})
	}
}
