package phone

import (
	"html/template"
	"strconv"
	"strings"
	"time"
)

// Level says how much a notification may disturb, in Bark's words.
type Level string

// The levels that iOS tells apart. An unknown one is as good as Active.
const (
	Passive       Level = "passive"       // no sound, the screen stays dark
	Active        Level = "active"        // the default
	TimeSensitive Level = "timeSensitive" // shown through Focus
	Critical      Level = "critical"      // rings through the mute switch
)

// Notification is one on the lock screen or in the app's history.
type Notification struct {
	ID       string        `json:"id"` // the sender's, or one of the phone's own
	Title    string        `json:"title"`
	Subtitle string        `json:"subtitle"`
	Body     string        `json:"body"`
	HTML     template.HTML `json:"html"` // the body as shown: escaped, or simple markdown
	Group    string        `json:"group"`
	Level    Level         `json:"level"`
	Volume   float64       `json:"volume"` // of a critical one, 0 to 1
	Sound    string        `json:"sound"`
	Icon     string        `json:"icon"`
	Image    string        `json:"image"`
	URL      string        `json:"url"`
	Copy     string        `json:"copy"`
	Ringing  bool          `json:"ringing"` // call=1: rings for half a minute

	Encrypted bool `json:"encrypted"` // came as ciphertext
	Failed    bool `json:"failed"`    // and could not be decrypted

	Sounded bool      `json:"sounded"` // made a sound when it last came
	Time    time.Time `json:"time"`    // when it last came
	First   time.Time `json:"first"`   // when it came first
	Updates int       `json:"updates"` // how often it was replaced since
	Expires time.Time `json:"expires,omitzero"`

	Custom map[string]string `json:"-"` // all of the app's own fields
}

// decryptionFailed is what the app shows of a push it cannot read.
const decryptionFailed = "Decryption Failed"

// compose makes the notification that the app's service extension would hand
// to iOS.
func compose(w wire, c Cipher) Notification {
	n := Notification{
		Title: w.title, Subtitle: w.subtitle, Body: w.body,
		Group: w.thread, Sound: w.sound, Level: Active, Custom: w.fields(),
	}
	if text, ok := n.Custom["ciphertext"]; ok {
		n.Encrypted = true
		m, err := c.open(text, n.Custom["iv"])
		if err != nil {
			n.Failed, n.Body = true, decryptionFailed
			n.HTML = plain(n.Body)
			return n
		}
		n.reveal(m)
	}
	n.read(n.Custom)
	return n
}

// reveal replaces what came outside by what was inside the ciphertext. The
// custom fields outside are lost altogether, alert texts only where the
// inside has them.
func (n *Notification) reveal(m map[string]string) {
	for name, to := range map[string]*string{
		"title": &n.Title, "subtitle": &n.Subtitle, "body": &n.Body, "group": &n.Group,
	} {
		if v, ok := m[name]; ok {
			*to = v
		}
	}
	if v, ok := m["sound"]; ok {
		n.Sound = strings.TrimSuffix(v, ".caf") + ".caf"
	}
	n.Custom = m
}

// read applies the app's own fields.
func (n *Notification) read(f map[string]string) {
	n.HTML = plain(n.Body)
	if md := f["markdown"]; md != "" {
		n.Body, n.HTML = md, markdown(md)
	}
	switch l := f["level"]; l {
	case "passive", "critical":
		n.Level = Level(l)
	case "timeSensitive", "timesensitive":
		n.Level = TimeSensitive
	}
	if n.Level == Critical {
		n.Volume = 0.5
		if v, err := strconv.ParseFloat(f["volume"], 64); err == nil {
			n.Volume = min(max(v/10, 0), 1)
		}
	}
	n.Icon, n.Image, n.URL, n.Copy = f["icon"], f["image"], f["url"], f["copy"]
	n.Ringing = f["call"] == "1" && n.Level != Passive
	n.Sounded = n.Level != Passive && !silent(n.Sound)
}

// silent tells the sound names that make none.
func silent(name string) bool {
	name = strings.TrimSuffix(name, ".caf")
	return name == "" || name == "silence"
}
