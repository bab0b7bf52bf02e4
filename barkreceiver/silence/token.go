package silence

import (
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/prometheus/alertmanager/template"
)

const (
	macSize = 16
	fpSize  = 8 // bytes of a fingerprint
	// maxAlerts is how many alerts a link names; the push has to have room
	// for more than its link.
	maxAlerts = 40
	undoTTL   = time.Hour
)

// Faults of a link.
var (
	errForged  = errors.New("the link is damaged")
	errExpired = errors.New("the link has expired")
)

// purpose keeps one kind of token from being taken for another.
type purpose string

const (
	ask  purpose = "silence"
	undo purpose = "undo"
)

// link is what a push's link says.
type link struct {
	Expires      int64  `json:"e"` // Unix time
	Number       string `json:"n"` // told apart by it
	Receiver     string `json:"r"`
	Fingerprints []byte `json:"f"` // eight each
	More         int    `json:"m,omitempty"`
}

// made is what a page's undo button says.
type made struct {
	Expires int64    `json:"e"`
	IDs     []string `json:"i"` // of silences
}

// signer makes and reads tokens.
type signer struct{ secret []byte }

func (s signer) sign(p purpose, v any) (string, error) {
	body, err := json.Marshal(v)
	if err != nil {
		return "", fmt.Errorf("encode token: %w", err)
	}
	return base64.RawURLEncoding.EncodeToString(append(s.mac(p, body), body...)), nil
}

func (s signer) mac(p purpose, body []byte) []byte {
	h := hmac.New(sha256.New, s.secret)
	h.Write([]byte(p))
	h.Write([]byte{0})
	h.Write(body)
	return h.Sum(nil)[:macSize]
}

func (s signer) open(p purpose, token string, v any) error {
	raw, err := base64.RawURLEncoding.DecodeString(token)
	if err != nil || len(raw) <= macSize {
		return errForged
	}
	if !hmac.Equal(raw[:macSize], s.mac(p, raw[macSize:])) {
		return errForged
	}
	if json.Unmarshal(raw[macSize:], v) != nil {
		return errForged
	}
	return nil
}

func (s signer) openLink(token string, now time.Time) (*link, error) {
	l := new(link)
	if err := s.open(ask, token, l); err != nil {
		return nil, err
	}
	if now.Unix() >= l.Expires {
		return nil, errExpired
	}
	return l, nil
}

func (s signer) openUndo(token string, now time.Time) (*made, error) {
	m := new(made)
	if err := s.open(undo, token, m); err != nil {
		return nil, err
	}
	if now.Unix() >= m.Expires {
		return nil, errExpired
	}
	return m, nil
}

// newLink names the alerts, the first ones if there are too many.
func newLink(receiver string, alerts []template.Alert, expires time.Time) *link {
	l := &link{Expires: expires.Unix(), Number: rand.Text()[:10], Receiver: receiver}
	for i, a := range alerts {
		if i >= maxAlerts {
			l.More++
			continue
		}
		if fp, err := hex.DecodeString(a.Fingerprint); err == nil && len(fp) == fpSize {
			l.Fingerprints = append(l.Fingerprints, fp...)
		}
	}
	return l
}

func (l *link) has(fingerprint string) bool {
	for f := range slices.Chunk(l.Fingerprints, fpSize) {
		if hex.EncodeToString(f) == fingerprint {
			return true
		}
	}
	return false
}
