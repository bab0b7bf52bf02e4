package phone

import (
	"encoding/json"
	"fmt"
	"maps"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"
)

// maxLog is how many requests the page's log shows.
const maxLog = 40

// view is what the page shows, as its script gets it.
type view struct {
	Now     time.Time    `json:"now"`
	Devices []deviceView `json:"devices"`
	Log     []logLine    `json:"log"` // the newest first
}

type deviceView struct {
	Slug          string         `json:"slug"`
	Name          string         `json:"name"`
	Badge         int            `json:"badge"`
	Sounds        int            `json:"sounds"`
	Wakes         int            `json:"wakes"`
	Notifications []Notification `json:"notifications"`
}

type logLine struct {
	ID      int       `json:"id"`
	Time    time.Time `json:"time"`
	Devices []string  `json:"devices"` // slugs of the phones it names
	Method  string    `json:"method"`
	Path    string    `json:"path"`
	Status  int       `json:"status"`
	Message string    `json:"message"`
	Fields  []field   `json:"fields"`
}

type field struct {
	Name  string `json:"name"`
	Value string `json:"value"`
}

// view takes a snapshot; open is false once the server is closed.
func (s *Server) view() (v view, open bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	v = view{Now: time.Now(), Devices: []deviceView{}, Log: []logLine{}}
	for _, d := range s.devices {
		st := d.stateLocked()
		v.Devices = append(v.Devices, deviceView{
			Slug: d.slug, Name: d.opts.Name, Badge: st.Badge, Sounds: st.Sounds, Wakes: st.Wakes,
			Notifications: append([]Notification{}, st.Notifications...),
		})
	}
	for i := len(s.requests) - 1; i >= 0 && len(v.Log) < maxLog; i-- {
		v.Log = append(v.Log, s.lineLocked(s.requests[i]))
	}
	return v, !s.closed
}

// lineLocked is one line of the log, without any device key.
func (s *Server) lineLocked(r *Request) logLine {
	l := logLine{
		ID: r.seq, Time: r.Time, Devices: []string{},
		Method: r.Method, Path: maskPath(r), Status: r.Status, Message: message(r), Fields: fields(r.Params),
	}
	for _, key := range r.Keys {
		if d := s.byKeyLocked(key); d != nil && !slices.Contains(l.Devices, d.slug) {
			l.Devices = append(l.Devices, d.slug)
		}
		if key != "" {
			l.Message = strings.ReplaceAll(l.Message, key, mask(key))
		}
	}
	return l
}

// message is the answer in a word.
func message(r *Request) string {
	switch {
	case r.Status == 0:
		return "no answer yet"
	case r.Status < 0:
		return "connection cut"
	}
	var e struct {
		Message string `json:"message"`
		Data    []item `json:"data"`
	}
	if json.Unmarshal(r.Answer, &e) != nil || e.Message == "" {
		return string(r.Answer)
	}
	failed := 0
	for _, it := range e.Data {
		if it.Code != http.StatusOK {
			failed++
		}
	}
	if failed > 0 {
		return fmt.Sprintf("%s, but %d of %d failed", e.Message, failed, len(e.Data))
	}
	return e.Message
}

// fields lists what a push asks for, keys masked.
func fields(p Params) []field {
	out := []field{}
	for _, name := range slices.Sorted(maps.Keys(p)) {
		if name == "device_key" || name == "device_keys" {
			continue
		}
		out = append(out, field{name, fmt.Sprint(p[name])})
	}
	if keys, _, err := p.keys(); err == nil && len(keys) > 0 && keys[0] != "" {
		masked := make([]string, len(keys))
		for i, k := range keys {
			masked[i] = mask(k)
		}
		out = append(out, field{"device_key", strings.Join(masked, " ")})
	}
	return out
}

// mask leaves of a key what tells it apart from the next one.
func mask(key string) string {
	const shown = 3
	if len(key) <= 2*shown {
		return "…"
	}
	return key[:shown] + "…"
}

// maskPath is a request's path and query; pieces that hold the key or the
// text of the push are left out.
func maskPath(r *Request) string {
	u, err := url.ParseRequestURI(r.Path)
	if err != nil {
		return "…"
	}
	pieces := split(u.EscapedPath())
	if len(pieces) == 0 {
		return "/"
	}
	switch pieces[0] {
	case "push", "ping", "healthz", "info", "register":
		if len(pieces) == 1 {
			return "/" + pieces[0]
		}
	}
	return "/" + strings.TrimSuffix(strings.Repeat("…/", len(pieces)), "/")
}
