// Package webhook reads what Alertmanager's webhook notifier sends: version 4
// of its message, from Alertmanager 0.27 on, whose older versions leave out
// the newer fields.
//
// Alertmanager's own type is notify/webhook.Message; importing that would link
// every notifier it has, so [Message] says the same on top of the light
// template package, and a contract test holds the two together.
package webhook

import (
	"bytes"
	"cmp"
	"encoding/json"
	"errors"
	"fmt"
	"regexp"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/prometheus/alertmanager/template"
)

// MaxSize is how many bytes of a message are read.
const MaxSize = 16 << 20

// Values of status.
const (
	Firing   = "firing"
	Resolved = "resolved"
)

// Values of notification_reason, which Alertmanager sends since 0.32 or so.
const (
	ReasonAllResolved = "all alerts resolved"
	ReasonRepeat      = "repeat interval elapsed"
)

const (
	version = "4"
	// for how many alerts there is room before they are read.
	maxExpected = 1000
)

// Message is a message of Alertmanager's webhook notifier: an alert group.
type Message struct {
	*template.Data

	Version         string `json:"version"`
	GroupKey        string `json:"groupKey"`
	TruncatedAlerts uint64 `json:"truncatedAlerts"` // left out for max_alerts
}

// Decode reads a message and checks that it can be one. Its alerts are sorted:
// firing ones first and newest first, then resolved ones, the latest first.
func Decode(body []byte) (*Message, error) {
	m := &Message{Data: new(template.Data)}
	// About how many there are, so that they need not be moved again and again.
	m.Alerts = make(template.Alerts, 0, min(bytes.Count(body, []byte(`"startsAt"`)), maxExpected))
	if err := json.Unmarshal(body, m); err != nil {
		return nil, fmt.Errorf("decode webhook message: %w", syntaxError(err, body))
	}
	if m.Data == nil || m.Version == "" && len(m.Alerts) == 0 {
		return nil, errors.New("this is no webhook message of Alertmanager: it has neither version nor alerts")
	}
	if m.Version != version {
		return nil, fmt.Errorf("webhook message of version %q, want %q", short(m.Version), version)
	}
	if m.Status != Firing && m.Status != Resolved {
		return nil, fmt.Errorf("webhook message of status %q, want %q or %q", short(m.Status), Firing, Resolved)
	}
	if len(m.Alerts) == 0 {
		return nil, errors.New("webhook message without alerts")
	}
	for i, a := range m.Alerts {
		if a.Status != Firing && a.Status != Resolved {
			return nil, fmt.Errorf("alert %d of status %q, want %q or %q", i, short(a.Status), Firing, Resolved)
		}
	}
	// They come rendered; a template function must not run them once more.
	template.MarkRouteLabelsRendered(m.Data)
	m.Sort()
	return m, nil
}

func syntaxError(err error, body []byte) error {
	if se, ok := errors.AsType[*json.SyntaxError](err); ok {
		return fmt.Errorf("%w at byte %d of %d", err, se.Offset, len(body))
	}
	return err
}

func short(s string) string {
	if len(s) > 40 {
		s = s[:40]
	}
	if !utf8.ValidString(s) {
		s = strings.ToValidUTF8(s, "")
	}
	return s
}

// Sort puts the alerts into the order that Decode promises.
func (m *Message) Sort() {
	slices.SortStableFunc(m.Alerts, func(a, b template.Alert) int {
		if a.Status != b.Status {
			return strings.Compare(a.Status, b.Status) // firing, resolved
		}
		if a.Status == Firing {
			return cmp.Or(b.StartsAt.Compare(a.StartsAt), strings.Compare(a.Fingerprint, b.Fingerprint))
		}
		return cmp.Or(b.EndsAt.Compare(a.EndsAt), strings.Compare(a.Fingerprint, b.Fingerprint))
	})
}

// AllResolved tells whether nothing of the group fires any more. With
// max_alerts a group's firing alerts may be among those left out, so the
// status alone does not tell.
func (m *Message) AllResolved() bool {
	if m.NotificationReason == ReasonAllResolved {
		return true
	}
	return m.Status == Resolved && m.TruncatedAlerts == 0
}

// Repeat tells whether Alertmanager sends an unchanged group again because
// its repeat_interval is over. Older versions never say so.
func (m *Message) Repeat() bool { return m.NotificationReason == ReasonRepeat }

var quoted = regexp.MustCompile(`\\([\\.+*?()|\[\]{}^$])`)

// Names returns the names under which a receiver may be configured, the best
// first, for the name that a message or a path gives. Alertmanager quotes the
// name as for a regular expression, and the Prometheus operator makes
// namespace/name/receiver of an AlertmanagerConfig's receiver.
func Names(name string) []string {
	plain := quoted.ReplaceAllString(name, "$1")
	names := []string{name, plain}
	if i := strings.LastIndex(plain, "/"); i >= 0 {
		names = append(names, plain[i+1:])
	}
	return slices.Compact(names)
}
