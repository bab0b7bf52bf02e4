package phone

import (
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"mime"
	"net/http"
	"net/url"
	"strings"
)

// errKeysType is bark-server's answer to device_keys that are neither a list
// nor a string.
var errKeysType = errors.New("invalid type for device_keys")

// Params are the parameters of a push before they are told apart, under
// lower-case names. Values are as JSON gave them: only strings are taken for
// titles, bodies, keys and ids.
type Params map[string]any

// str returns a parameter that counts only as a string.
func (p Params) str(name string) string {
	s, _ := p[name].(string)
	return s
}

// readParams reads a push from a request: body, query and path pieces, in
// bark-server's order of precedence.
func readParams(r *http.Request, body []byte, pieces []string) (Params, error) {
	media, args, _ := mime.ParseMediaType(r.Header.Get("Content-Type"))
	p := Params{}
	if media == "application/json" {
		if err := p.addJSON(body); err != nil {
			return nil, fmt.Errorf("request bind failed: %w", err)
		}
		p.addValues(r.URL.Query())
	} else {
		p.addValues(r.URL.Query())
		p.addForm(media, args["boundary"], body)
		// Only JSON knows batches.
		delete(p, "device_keys")
	}
	return p, p.addPath(pieces)
}

func (p Params) addJSON(body []byte) error {
	var m map[string]any
	if err := json.Unmarshal(body, &m); err != nil {
		return err
	}
	for k, v := range m {
		p[strings.ToLower(k)] = v
	}
	return nil
}

func (p Params) addValues(vs url.Values) {
	for k, v := range vs {
		if len(v) > 0 {
			p[strings.ToLower(k)] = v[len(v)-1]
		}
	}
}

// addPath takes key, [title, [subtitle,]] body from the path's pieces.
func (p Params) addPath(pieces []string) error {
	names := [][]string{
		0: nil,
		1: {"device_key"},
		2: {"device_key", "body"},
		3: {"device_key", "title", "body"},
		4: {"device_key", "title", "subtitle", "body"},
	}[len(pieces)]
	for i, name := range names {
		// A plus is a blank here, unlike in paths elsewhere.
		v, err := url.QueryUnescape(pieces[i])
		if err != nil {
			return err
		}
		p[name] = v
	}
	return nil
}

// keys returns the device keys a push names, and whether it is a batch.
func (p Params) keys() (keys []string, batch bool, err error) {
	many, ok := p["device_keys"]
	if !ok {
		return []string{p.str("device_key")}, false, nil
	}
	switch v := many.(type) {
	case string:
		for k := range strings.SplitSeq(v, ",") {
			if k = strings.TrimSpace(k); k != "" {
				keys = append(keys, k)
			}
		}
	case []any:
		for _, k := range v {
			keys = append(keys, fmt.Sprint(k))
		}
	default:
		return nil, true, errKeysType
	}
	return keys, true, nil
}

// with returns the parameters for one key of a batch.
func (p Params) with(key string) Params {
	c := maps.Clone(p)
	delete(c, "device_keys")
	c["device_key"] = key
	return c
}
