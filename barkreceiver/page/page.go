// Package page writes the receiver's web pages, which look alike and are
// locked up alike: they run no script, load nothing, are in no other site's
// frame and in nobody's cache.
package page

import (
	"bytes"
	"embed"
	"html/template"
	"io/fs"
	"net/http"
)

//go:embed style.css
var style embed.FS

// Write answers with the page that the template file makes of the data. The
// template "style" is what all pages look like.
func Write(w http.ResponseWriter, code int, files fs.FS, name string, data any) {
	var body bytes.Buffer
	if err := execute(&body, files, name, data); err != nil {
		http.Error(w, "The page cannot be shown.", http.StatusInternalServerError)
		return
	}
	h := w.Header()
	h.Set("Content-Type", "text/html; charset=utf-8")
	h.Set("Content-Security-Policy", "default-src 'none'; style-src 'unsafe-inline'; form-action 'self'; frame-ancestors 'none'; base-uri 'none'")
	// Not no-referrer: with that, browsers send the form of a page without TLS
	// as coming from nowhere, and it would be refused as another site's.
	h.Set("Referrer-Policy", "same-origin")
	h.Set("Cache-Control", "no-store")
	h.Set("X-Content-Type-Options", "nosniff")
	h.Set("X-Robots-Tag", "noindex")
	w.WriteHeader(code)
	w.Write(body.Bytes())
}

func execute(body *bytes.Buffer, files fs.FS, name string, data any) error {
	css, err := style.ReadFile("style.css")
	if err != nil {
		return err
	}
	t, err := template.New(name).Parse(`{{ define "style" }}<style>` + string(css) + `</style>{{ end }}`)
	if err != nil {
		return err
	}
	if t, err = t.ParseFS(files, name); err != nil {
		return err
	}
	return t.ExecuteTemplate(body, name, data)
}
