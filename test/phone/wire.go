package phone

import (
	"encoding/json"
	"fmt"
	"maps"
	"strings"
)

// Limits of Apple's push service, which bark-server leaves to it.
const (
	maxPayload    = 4096
	maxCollapseID = 64
)

const (
	defaultSound = "1107"
	emptyMessage = "Empty Message"
)

// wire is a push as it travels from bark-server to a phone.
type wire struct {
	background              bool
	title, subtitle, body   string
	sound, thread, collapse string
	custom                  map[string]string
}

// groupTypeError is what bark-server's unchecked type assertion on the group
// comes to: an answer for a single push, the end of the process in a batch.
type groupTypeError struct{ value any }

func (e groupTypeError) Error() string {
	return fmt.Sprintf("interface conversion: interface {} is %T, not string", e.value)
}

// newWire sorts parameters into the fields that bark-server knows and the
// rest, which it passes on as strings.
func newWire(p Params) (wire, error) {
	w := wire{sound: defaultSound, custom: map[string]string{}}
	if g, ok := p["group"]; ok {
		if w.thread, ok = g.(string); !ok {
			return wire{}, groupTypeError{g}
		}
	}
	for name, v := range p {
		w.add(name, v)
	}
	w.background = w.custom["delete"] == "1"
	if w.title == "" && w.subtitle == "" && w.body == "" {
		w.body = emptyMessage
	}
	return w, nil
}

func (w *wire) add(name string, v any) {
	switch v := v.(type) {
	case string:
		w.addString(name, v)
	case map[string]any: // flattened, one level
		for k, v := range v {
			w.custom[strings.ToLower(k)] = fmt.Sprint(v)
		}
	default:
		w.custom[name] = fmt.Sprint(v)
	}
}

func (w *wire) addString(name, v string) {
	switch name {
	case "device_key":
	case "title":
		w.title = v
	case "subtitle":
		w.subtitle = v
	case "body":
		w.body = v
	case "sound":
		w.sound = strings.TrimSuffix(v, ".caf") + ".caf"
	case "id":
		w.collapse, w.custom["id"] = v, v
	default:
		w.custom[name] = v
	}
}

// payload is the JSON that Apple's push service gets; its length is what the
// limit is about.
func (w wire) payload() []byte {
	aps := map[string]any{}
	if w.background {
		aps["content-available"] = 1
	} else {
		alert := map[string]string{}
		for k, v := range map[string]string{"title": w.title, "subtitle": w.subtitle, "body": w.body} {
			if v != "" {
				alert[k] = v
			}
		}
		aps["alert"] = alert
		aps["sound"] = w.sound
		aps["category"] = "myNotificationCategory"
		aps["mutable-content"] = 1
		if w.thread != "" {
			aps["thread-id"] = w.thread
		}
	}
	all := map[string]any{}
	for k, v := range w.custom {
		all[k] = v
	}
	all["aps"] = aps
	b, err := json.Marshal(all)
	if err != nil { // strings and maps of them always marshal
		return nil
	}
	return b
}

// refusal is Apple's word against a push that is the sender's own fault, or
// empty.
func (w wire) refusal() string {
	switch {
	case len(w.collapse) > maxCollapseID:
		return "BadCollapseId"
	case len(w.payload()) > maxPayload:
		return "PayloadTooLarge"
	}
	return ""
}

// fields returns a copy of the custom fields for the phone to work on.
func (w wire) fields() map[string]string { return maps.Clone(w.custom) }
