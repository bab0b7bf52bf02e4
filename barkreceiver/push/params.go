package push

import "encoding/json"

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

// payload is what bark-server makes of a push for Apple's push service.
type payload struct {
	APS struct {
		Alert          *alert `json:"alert,omitempty"`
		Category       string `json:"category"`
		MutableContent int    `json:"mutable-content"`
		Sound          string `json:"sound"`
		Thread         string `json:"thread-id,omitempty"`
	} `json:"aps"`
}

type alert struct {
	Title    string `json:"title,omitempty"`
	Subtitle string `json:"subtitle,omitempty"`
	Body     string `json:"body,omitempty"`
}

// Size returns the length of the JSON that bark-server will send to Apple's
// push service for p.
func (p *Params) Size() int {
	var w payload
	w.APS.Alert = &alert{p.Title, p.Subtitle, p.Body}
	if *w.APS.Alert == (alert{}) {
		w.APS.Alert.Body = "Empty Message" // as the server says
	}
	w.APS.Category = "myNotificationCategory"
	w.APS.MutableContent = 1
	w.APS.Sound = "1107"
	if p.Sound != "" {
		w.APS.Sound = p.Sound + ".caf"
	}
	w.APS.Thread = p.Group
	// The rest travels beside it, under lower-case names of the same length.
	custom := *p
	custom.Title, custom.Subtitle, custom.Body, custom.Sound = "", "", "", ""
	n := jsonLen(w)
	if c := jsonLen(custom); c > len("{}") {
		n += c - len("{}") + len(",")
	}
	return n
}

// jsonLen is the length of v as encoding/json writes it, which is what
// bark-server uses: <, > and & take six bytes each, a quote or a newline two.
func jsonLen(v any) int {
	b, err := json.Marshal(v)
	if err != nil {
		return 0 // cannot be: strings and numbers only
	}
	return len(b)
}

// Fits tells whether Apple's push service takes p. A few bytes are kept back
// for a level that may still be changed.
func (p *Params) Fits() bool { return p.Size() <= MaxPayload-len("timeSensitive") }
