package phone

import (
	"bytes"
	"crypto/aes"
	"crypto/cipher"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
)

// Cipher is how a phone's app is set to decrypt pushes.
type Cipher struct {
	Algorithm string // aes-{128,192,256}-{cbc,ecb,gcm}
	Key       string // 16, 24 or 32 characters, used as they are
}

var errPadding = errors.New("wrong padding")

// open decrypts a push's ciphertext to the parameters in it, under lower-case
// names and as strings.
func (c Cipher) open(text, iv string) (map[string]string, error) {
	sealed, err := base64.StdEncoding.DecodeString(text)
	if err != nil {
		return nil, fmt.Errorf("decode ciphertext: %w", err)
	}
	block, err := aes.NewCipher([]byte(c.Key))
	if err != nil {
		return nil, err
	}
	mode, ok := strings.CutPrefix(strings.ToLower(c.Algorithm), fmt.Sprintf("aes-%d-", len(c.Key)*8))
	if !ok {
		return nil, fmt.Errorf("algorithm %q does not fit a key of %d characters", c.Algorithm, len(c.Key))
	}
	var opened []byte
	switch mode {
	case "gcm":
		opened, err = openGCM(block, sealed, iv)
	case "cbc":
		opened, err = openCBC(block, sealed, iv)
	case "ecb":
		opened, err = openECB(block, sealed)
	default:
		err = fmt.Errorf("unknown algorithm %q", c.Algorithm)
	}
	if err != nil {
		return nil, err
	}
	return parameters(opened)
}

func openGCM(b cipher.Block, sealed []byte, iv string) ([]byte, error) {
	aead, err := cipher.NewGCM(b)
	if err != nil {
		return nil, err
	}
	if len(iv) != aead.NonceSize() {
		return nil, fmt.Errorf("iv has %d characters, not %d", len(iv), aead.NonceSize())
	}
	return aead.Open(nil, []byte(iv), sealed, nil)
}

func openCBC(b cipher.Block, sealed []byte, iv string) ([]byte, error) {
	if len(iv) != aes.BlockSize || len(sealed)%aes.BlockSize != 0 {
		return nil, errPadding
	}
	out := make([]byte, len(sealed))
	cipher.NewCBCDecrypter(b, []byte(iv)).CryptBlocks(out, sealed)
	return unpad(out)
}

func openECB(b cipher.Block, sealed []byte) ([]byte, error) {
	if len(sealed)%aes.BlockSize != 0 {
		return nil, errPadding
	}
	out := make([]byte, len(sealed))
	for i := 0; i < len(sealed); i += aes.BlockSize {
		b.Decrypt(out[i:], sealed[i:i+aes.BlockSize])
	}
	return unpad(out)
}

// unpad takes PKCS #7 padding off.
func unpad(b []byte) ([]byte, error) {
	if len(b) == 0 {
		return nil, errPadding
	}
	n := int(b[len(b)-1])
	if n == 0 || n > aes.BlockSize || n > len(b) ||
		!bytes.Equal(b[len(b)-n:], bytes.Repeat([]byte{byte(n)}, n)) {
		return nil, errPadding
	}
	return b[:len(b)-n], nil
}

func parameters(text []byte) (map[string]string, error) {
	dec := json.NewDecoder(bytes.NewReader(text))
	dec.UseNumber() // the app writes numbers as they stand
	var m map[string]any
	if err := dec.Decode(&m); err != nil {
		return nil, fmt.Errorf("read parameters: %w", err)
	}
	out := make(map[string]string, len(m))
	for k, v := range m {
		out[strings.ToLower(k)] = fmt.Sprint(v)
	}
	return out, nil
}
