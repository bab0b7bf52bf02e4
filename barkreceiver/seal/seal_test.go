package seal

import (
	"bytes"
	"crypto/aes"
	"crypto/cipher"
	"encoding/base64"
	"encoding/json"
	"errors"
	"os"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/kubebark/kubebark/barkreceiver/push"
)

// The vectors were made with openssl and agree with other implementations.
func TestVectors(t *testing.T) {
	data, err := os.ReadFile("testdata/vectors.json")
	if err != nil {
		t.Fatal(err)
	}
	var vectors []struct{ Name, Key, IV, Plain, Cipher string }
	if err := json.Unmarshal(data, &vectors); err != nil || len(vectors) < 7 {
		t.Fatalf("%d vectors, error %v", len(vectors), err)
	}
	for _, v := range vectors {
		t.Run(v.Name, func(t *testing.T) {
			algorithm, _, _ := strings.Cut(strings.ToLower(v.Name), " ")
			s, err := New(algorithm, v.Key)
			if err != nil {
				t.Fatal(err)
			}
			text, err := s.encrypt([]byte(v.Plain), []byte(v.IV))
			if err != nil {
				t.Fatal(err)
			}
			if got := base64.StdEncoding.EncodeToString(text); got != v.Cipher {
				t.Errorf("%s, want %s", got, v.Cipher)
			}
		})
	}
}

// open decrypts as the app does.
func open(t *testing.T, algorithm, key string, p *push.Params) []byte {
	t.Helper()
	block, err := aes.NewCipher([]byte(key))
	if err != nil {
		t.Fatal(err)
	}
	text, err := base64.StdEncoding.DecodeString(p.Ciphertext)
	if err != nil {
		t.Fatal(err)
	}
	if strings.HasSuffix(algorithm, "gcm") {
		aead, err := cipher.NewGCM(block)
		if err != nil {
			t.Fatal(err)
		}
		plain, err := aead.Open(nil, []byte(p.IV), text, nil)
		if err != nil {
			t.Fatal(err)
		}
		return plain
	}
	if strings.HasSuffix(algorithm, "cbc") {
		cipher.NewCBCDecrypter(block, []byte(p.IV)).CryptBlocks(text, text)
	} else {
		for b := text; len(b) > 0; b = b[aes.BlockSize:] {
			block.Decrypt(b, b[:aes.BlockSize])
		}
	}
	n := int(text[len(text)-1])
	if n < 1 || n > aes.BlockSize || !bytes.Equal(text[len(text)-n:], bytes.Repeat([]byte{byte(n)}, n)) {
		t.Fatalf("padding %v", text[len(text)-aes.BlockSize:])
	}
	return text[:len(text)-n]
}

func TestSeal(t *testing.T) {
	for _, algorithm := range Algorithms() {
		t.Run(algorithm, func(t *testing.T) {
			key := strings.Repeat("k", map[string]int{"128": 16, "192": 24, "256": 32}[algorithm[4:7]])
			s, err := New(algorithm, key)
			if err != nil {
				t.Fatal(err)
			}
			p := &push.Params{ID: "id", Title: "磁盘已满 🔥", Body: "secret", Level: "critical", URL: "https://x", TTL: "60", Group: "g"}
			sealed, err := s.Seal(p)
			if err != nil {
				t.Fatal(err)
			}
			want := &push.Params{ID: "id", TTL: "60", Body: outerBody, Ciphertext: sealed.Ciphertext, IV: sealed.IV}
			if d := cmp.Diff(want, sealed); d != "" {
				t.Errorf("outside (-want +got)\n%s", d)
			}
			inside := new(push.Params)
			if err := json.Unmarshal(open(t, algorithm, key, sealed), inside); err != nil {
				t.Fatal(err)
			}
			if d := cmp.Diff(p, inside); d != "" {
				t.Errorf("inside (-want +got)\n%s", d)
			}
			again, err := s.Seal(p)
			if err != nil {
				t.Fatal(err)
			}
			if !strings.HasSuffix(algorithm, "ecb") && (again.IV == sealed.IV || again.Ciphertext == sealed.Ciphertext) {
				t.Error("the same IV twice")
			}
		})
	}
}

// The app shows the body outside where there is none inside.
func TestSealNeverLeavesTheBodyEmpty(t *testing.T) {
	for _, p := range []push.Params{{Title: "t"}, {Title: "t", Subtitle: "s"}} {
		in := inner(&p)
		if in.Body == "" || in.Title != "t" || in.Body+in.Subtitle != p.Subtitle && in.Body != " " {
			t.Errorf("%+v", in)
		}
	}
}

func TestSealLeavesADeletionOpen(t *testing.T) {
	s, err := New("aes-128-gcm", "0123456789abcdef")
	if err != nil {
		t.Fatal(err)
	}
	p := &push.Params{ID: "id", Delete: "1"}
	if got, err := s.Seal(p); err != nil || *got != *p {
		t.Errorf("%+v, %v", got, err)
	}
}

// What is said to fit does, in every mode, and not much room is given away.
func TestFits(t *testing.T) {
	largest := &push.Params{ID: strings.Repeat("i", 32)}
	for Fits(largest) {
		largest.Body += "x"
	}
	largest.Body = largest.Body[1:]
	for _, algorithm := range []string{"aes-128-gcm", "aes-128-cbc", "aes-128-ecb"} {
		s, err := New(algorithm, "0123456789abcdef")
		if err != nil {
			t.Fatal(err)
		}
		sealed, err := s.Seal(largest)
		if err != nil {
			t.Fatal(err)
		}
		if n := sealed.Size(); n > push.MaxPayload || n < push.MaxPayload-64 {
			t.Errorf("%s: %d bytes", algorithm, n)
		}
	}
}

func TestNewRefuses(t *testing.T) {
	const canary = "CanaryCanary"
	for _, algorithm := range []string{"aes-256-gcm", "aes-512-gcm", "", "rot13"} {
		_, err := New(algorithm, canary)
		if err == nil || strings.Contains(err.Error(), canary) {
			t.Errorf("%q: error %v", algorithm, err)
		}
	}
	if err := Check("aes-128-ecb", false); !errors.Is(err, errInsecure) {
		t.Errorf("ECB without insecure: %v", err)
	}
	if err := Check("aes-128-ecb", true); err != nil {
		t.Error(err)
	}
}
