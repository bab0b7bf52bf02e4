package phone

import (
	"bytes"
	"embed"
	"encoding/json"
	"fmt"
	"html/template"
	"io/fs"
	"net/http"
	"strings"
	"time"
)

// pagePrefix is where the page lives. No device key that bark-server makes
// collides with it.
const pagePrefix = "/phone/"

// assets is where the page's own files live below it, out of the way of the
// devices' names.
const assets = pagePrefix + "-/"

//go:embed web
var web embed.FS

// policy keeps the page from fetching anything that is not its own, whatever
// a push may hold.
const policy = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; " +
	"connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'self'"

// isPage says whether a request is for the page rather than the push API. A
// browser that opens the root means the page, while bark-server says "ok"
// there to anybody.
func isPage(r *http.Request) bool {
	path := r.URL.Path
	return path+"/" == pagePrefix || strings.HasPrefix(path, pagePrefix) ||
		path == "/" && r.Method == http.MethodGet && strings.Contains(r.Header.Get("Accept"), "text/html")
}

type page struct {
	server *Server
	shell  *template.Template
}

func newPage(s *Server) http.Handler {
	p := page{server: s, shell: template.Must(template.ParseFS(web, "web/phone.html"))}
	mux := http.NewServeMux()
	mux.Handle("GET /{$}", http.RedirectHandler(pagePrefix, http.StatusFound))
	mux.HandleFunc("GET "+pagePrefix+"{$}", p.overview)
	mux.HandleFunc("GET "+pagePrefix+"{device}", p.device)
	mux.HandleFunc("GET "+assets+"events", p.events)
	files, err := fs.Sub(web, "web")
	if err != nil { // cannot be: the directory is embedded
		return http.NotFoundHandler()
	}
	mux.Handle("GET "+assets, http.StripPrefix(assets, http.FileServerFS(files)))
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Security-Policy", policy)
		w.Header().Set("X-Content-Type-Options", "nosniff")
		w.Header().Set("Referrer-Policy", "no-referrer")
		w.Header().Set("Cache-Control", "no-cache")
		mux.ServeHTTP(w, r)
	})
}

// shellData is what the page's frame is made from; all else comes by events.
type shellData struct {
	Slug, Name string
	Devices    []link
}

type link struct{ Slug, Name string }

func (p page) overview(w http.ResponseWriter, _ *http.Request) { p.render(w, shellData{}) }

func (p page) device(w http.ResponseWriter, r *http.Request) {
	for _, d := range p.server.Devices() {
		if d.slug == r.PathValue("device") {
			p.render(w, shellData{Slug: d.slug, Name: d.opts.Name})
			return
		}
	}
	http.NotFound(w, r)
}

func (p page) render(w http.ResponseWriter, data shellData) {
	for _, d := range p.server.Devices() {
		data.Devices = append(data.Devices, link{d.slug, d.opts.Name})
	}
	var b bytes.Buffer
	if err := p.shell.Execute(&b, data); err != nil {
		http.Error(w, err.Error(), http.StatusInternalServerError)
		return
	}
	w.Header().Set("Content-Type", "text/html; charset=utf-8")
	_, _ = b.WriteTo(w)
}

// Pauses of the event stream: between two snapshots, so that a storm of
// pushes does not become one of pages, and until a sign of life.
const (
	streamPause = 40 * time.Millisecond
	streamPulse = 15 * time.Second
)

// events streams a snapshot at once and after every change.
func (p page) events(w http.ResponseWriter, r *http.Request) {
	w.Header().Set("Content-Type", "text/event-stream")
	out := http.NewResponseController(w)
	pulse := time.NewTicker(streamPulse)
	defer pulse.Stop()
	for {
		changed := p.server.Changed()
		v, open := p.server.view()
		if !open || !send(w, v) || out.Flush() != nil {
			return
		}
		select {
		case <-changed:
		case <-pulse.C:
		case <-r.Context().Done():
			return
		}
		select {
		case <-time.After(streamPause):
		case <-r.Context().Done():
			return
		}
	}
}

func send(w http.ResponseWriter, v view) bool {
	b, err := json.Marshal(v)
	if err != nil {
		return false
	}
	_, err = fmt.Fprintf(w, "data: %s\n\n", b)
	return err == nil
}
