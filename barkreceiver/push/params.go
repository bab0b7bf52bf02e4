package push

import "unicode/utf8"

// MaxPayload is how many bytes Apple's push service takes for one push.
const MaxPayload = 4096

// Params are the parameters of a push, by Bark's names. bark-server knows its
// own parameters only as strings, so there is no other type, and an empty one
// is not sent: some mean something else than an absent one.
type Params struct {
	ID         string `json:"id,omitempty"`
	Title      string `json:"title,omitempty"`
	Subtitle   string `json:"subtitle,omitempty"`
	Body       string `json:"body,omitempty"`
	Markdown   string `json:"markdown,omitempty"`
	Level      string `json:"level,omitempty"`
	Volume     string `json:"volume,omitempty"`
	Sound      string `json:"sound,omitempty"`
	Call       string `json:"call,omitempty"`
	Group      string `json:"group,omitempty"`
	URL        string `json:"url,omitempty"`
	Action     string `json:"action,omitempty"`
	Icon       string `json:"icon,omitempty"`
	Image      string `json:"image,omitempty"`
	Badge      string `json:"badge,omitempty"`
	Copy       string `json:"copy,omitempty"`
	AutoCopy   string `json:"autoCopy,omitempty"`
	IsArchive  string `json:"isArchive,omitempty"`
	TTL        string `json:"ttl,omitempty"`
	Delete     string `json:"delete,omitempty"`
	Ciphertext string `json:"ciphertext,omitempty"`
	IV         string `json:"iv,omitempty"`
}

// request is the body of POST /push.
type request struct {
	DeviceKey  string   `json:"device_key,omitempty"`
	DeviceKeys []string `json:"device_keys,omitempty"`
	Params
}

// field is a parameter under its name in JSON.
type field struct{ name, value string }

// shown returns the parameters that bark-server puts into what Apple shows.
func (p *Params) shown() []field {
	return []field{{"title", p.Title}, {"subtitle", p.Subtitle}, {"body", p.Body}}
}

// beside returns those that travel beside that, for the app, under lower-case
// names of the same length. The sound is not among them.
func (p *Params) beside() []field {
	return []field{
		{"id", p.ID},
		{"markdown", p.Markdown},
		{"level", p.Level},
		{"volume", p.Volume},
		{"call", p.Call},
		{"group", p.Group},
		{"url", p.URL},
		{"action", p.Action},
		{"icon", p.Icon},
		{"image", p.Image},
		{"badge", p.Badge},
		{"copy", p.Copy},
		{"autoCopy", p.AutoCopy},
		{"isArchive", p.IsArchive},
		{"ttl", p.TTL},
		{"delete", p.Delete},
		{"ciphertext", p.Ciphertext},
		{"iv", p.IV},
	}
}

// Len returns the length of p as JSON.
func (p *Params) Len() int {
	return len("{}") + members(p.shown(), members(p.beside(), members([]field{{"sound", p.Sound}}, 0)))
}

// Size returns the length of the JSON that bark-server will send to Apple's
// push service for p.
func (p *Params) Size() int {
	alert := members(p.shown(), 0)
	if alert == 0 {
		alert = members([]field{{"body", "Empty Message"}}, 0) // as the server says
	}
	sound := "1107"
	if p.Sound != "" {
		sound = p.Sound + ".caf"
	}
	n := len(`{"aps":{"alert":{},"category":"myNotificationCategory","mutable-content":1}}`) + alert
	n = members([]field{{"sound", sound}, {"thread-id", p.Group}}, n)
	return members(p.beside(), n)
}

// members adds to n what the fields add to a JSON object that is n bytes long
// without its braces. Empty ones are left out.
func members(fields []field, n int) int {
	for _, f := range fields {
		if f.value == "" {
			continue
		}
		if n > 0 {
			n += len(",")
		}
		n += len(f.name) + len(`"":`) + stringLen(f.value)
	}
	return n
}

// stringLen is the length of s as encoding/json writes it, which is what
// bark-server uses: <, > and & take six bytes each, a quote or a newline two.
func stringLen(s string) int {
	n := len(s) + len(`""`)
	for i := 0; i < len(s); {
		if c := s[i]; c < utf8.RuneSelf {
			n += escape(c)
			i++
			continue
		}
		r, size := utf8.DecodeRuneInString(s[i:])
		switch {
		case r == utf8.RuneError && size == 1:
			n += len(`\ufffd`) - 1
		case r == '\u2028' || r == '\u2029': // line ends to JavaScript
			n += len(`\u2028`) - size
		}
		i += size
	}
	return n
}

// escape returns how many bytes more than one a character takes.
func escape(c byte) int {
	switch c {
	case '"', '\\', '\b', '\f', '\n', '\r', '\t':
		return len(`\n`) - 1
	case '<', '>', '&':
		return len(`\u003c`) - 1
	}
	if c < ' ' {
		return len(`\u0000`) - 1
	}
	return 0
}

// Fits tells whether Apple's push service takes p. A few bytes are kept back
// for a level that may still be changed.
func (p *Params) Fits() bool { return p.Size() <= MaxPayload-len("timeSensitive") }
