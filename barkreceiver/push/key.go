package push

import (
	"crypto/sha256"
	"encoding/hex"
	"regexp"
	"strings"
)

const mask = "***"

// Key is a device key. Who has it can push to the phone, so it prints as a
// mask.
type Key string

// String returns a mask.
func (Key) String() string { return mask }

// GoString returns a mask.
func (Key) GoString() string { return mask }

// MarshalText returns a mask.
func (Key) MarshalText() ([]byte, error) { return []byte(mask), nil }

// Hash returns what stands for the key where it has to be told from others.
func (k Key) Hash() string {
	h := sha256.Sum256([]byte("bark device key\x00" + k))
	return hex.EncodeToString(h[:16])
}

var (
	// A server whose way to Apple is blocked puts the token into its answer.
	deviceToken = regexp.MustCompile(`(?i)/3/device/[^"\s:]*`)
	// It says the key where it does not know it.
	quotedKey = regexp.MustCompile(`failed to get \[[^\]]*\]`)
	// Tokens are 64 hexadecimal digits or more.
	longHex = regexp.MustCompile(`[0-9A-Fa-f]{40,}`)
)

const (
	maxDetail = 200
	minKey    = 4 // less is no secret, and would be found in every word
)

// redact cleans a text that came from a server or a library of the devices'
// keys and tokens and makes it one short line.
func redact(text string, devices []Key) string {
	text = strings.ToValidUTF8(text, "\uFFFD") // first of all: a key must not come together later
	for _, k := range devices {
		if len(k) >= minKey {
			text = strings.ReplaceAll(text, string(k), mask)
		}
	}
	text = deviceToken.ReplaceAllString(text, "/3/device/"+mask)
	text = quotedKey.ReplaceAllString(text, "failed to get ["+mask+"]")
	text = longHex.ReplaceAllString(text, mask)
	text = strings.Join(strings.Fields(text), " ")
	if r := []rune(text); len(r) > maxDetail {
		text = string(r[:maxDetail]) + "…"
	}
	return text
}
