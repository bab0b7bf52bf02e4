// Package seal encrypts pushes so that neither bark-server nor Apple can read
// them, in the ways the Bark app can decrypt: AES with a key of 16, 24 or 32
// characters that the user also types into the app, in mode GCM, CBC or ECB.
//
// Inside go all parameters; outside stay those that somebody on the way has to
// know: the id, by which Apple lets one push replace another, and the ttl.
package seal

import (
	"crypto/aes"
	"crypto/cipher"
	"crypto/rand"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/kubebark/kubebark/barkreceiver/push"
)

// outerBody is what is seen where a push cannot be decrypted.
const outerBody = "Encrypted alert"

// errInsecure says that an algorithm has to be asked for explicitly.
var errInsecure = errors.New("ECB shows which parts of pushes are alike; use GCM or CBC, or set insecure: true")

// Sealer encrypts pushes for one device. It is safe for concurrent use.
type Sealer struct {
	block cipher.Block
	mode  string
}

// Algorithms are the names of what [New] knows.
func Algorithms() []string {
	var names []string
	for _, mode := range []string{"gcm", "cbc", "ecb"} {
		for _, bits := range []int{128, 192, 256} {
			names = append(names, fmt.Sprintf("aes-%d-%s", bits, mode))
		}
	}
	return names
}

// Check tells whether there is an algorithm of that name.
func Check(algorithm string, insecure bool) error {
	if !slices.Contains(Algorithms(), algorithm) {
		return fmt.Errorf("want one of %s, have %q", strings.Join(Algorithms(), ", "), algorithm)
	}
	if strings.HasSuffix(algorithm, "-ecb") && !insecure {
		return errInsecure
	}
	return nil
}

// New returns a sealer. The key's characters are the key.
func New(algorithm, key string) (*Sealer, error) {
	if !slices.Contains(Algorithms(), algorithm) {
		return nil, Check(algorithm, true)
	}
	var bits int
	var mode string
	if _, err := fmt.Sscanf(algorithm, "aes-%d-%s", &bits, &mode); err != nil {
		return nil, fmt.Errorf("algorithm %q: %w", algorithm, err)
	}
	if len(key) != bits/8 {
		return nil, fmt.Errorf("the key for %s needs %d characters, it has %d", algorithm, bits/8, len(key))
	}
	block, err := aes.NewCipher([]byte(key))
	if err != nil {
		return nil, fmt.Errorf("key for %s: %w", algorithm, err)
	}
	return &Sealer{block: block, mode: mode}, nil
}

// Seal returns what to send instead of p. A push that only deletes another has
// nothing to hide and the app would not decrypt it.
func (s *Sealer) Seal(p *push.Params) (*push.Params, error) {
	if p.Delete != "" {
		return p, nil
	}
	plain, err := json.Marshal(inner(p))
	if err != nil {
		return nil, fmt.Errorf("encode push: %w", err)
	}
	iv := s.newIV()
	text, err := s.encrypt(plain, iv) //nolint:gosec // the IV is drawn anew for each push
	if err != nil {
		return nil, err
	}
	out := outer(p)
	out.Ciphertext, out.IV = base64.StdEncoding.EncodeToString(text), string(iv)
	return out, nil
}

// inner returns p with a body: the app would show the one outside instead of
// none.
func inner(p *push.Params) *push.Params {
	in := *p
	switch {
	case in.Body != "":
	case in.Subtitle != "":
		in.Body, in.Subtitle = in.Subtitle, ""
	default:
		in.Body = " "
	}
	return &in
}

func outer(p *push.Params) *push.Params {
	return &push.Params{ID: p.ID, TTL: p.TTL, Body: outerBody}
}

// Fits tells whether p has room in a push once it is sealed, in any mode.
func Fits(p *push.Params) bool {
	out := outer(p)
	out.IV = strings.Repeat("A", aes.BlockSize)
	out.Ciphertext = "A"
	// A level that is changed later, and a block more at most.
	text := inner(p).Len() + len("timeSensitive") + aes.BlockSize
	return out.Size()-len(out.Ciphertext)+base64.StdEncoding.EncodedLen(text) <= push.MaxPayload
}

// newIV returns letters and digits only: the app counts characters, and some
// others on the way have been seen to break decryption.
func (s *Sealer) newIV() []byte {
	switch s.mode {
	case "cbc":
		return []byte(rand.Text()[:16])
	case "gcm":
		return []byte(rand.Text()[:12])
	}
	return nil
}

func (s *Sealer) encrypt(plain, iv []byte) ([]byte, error) {
	switch s.mode {
	case "gcm":
		aead, err := cipher.NewGCM(s.block)
		if err != nil {
			return nil, fmt.Errorf("GCM: %w", err)
		}
		return aead.Seal(nil, iv, plain, nil), nil
	case "cbc":
		text := pad(plain)
		cipher.NewCBCEncrypter(s.block, iv).CryptBlocks(text, text)
		return text, nil
	}
	text := pad(plain)
	for b := text; len(b) > 0; b = b[aes.BlockSize:] {
		s.block.Encrypt(b, b[:aes.BlockSize])
	}
	return text, nil
}

// pad is PKCS #7's.
func pad(b []byte) []byte {
	n := aes.BlockSize - len(b)%aes.BlockSize
	return append(slices.Clone(b), slices.Repeat([]byte{byte(n)}, n)...)
}
