// Package page writes the receiver's web pages, which look alike, are locked up
// as package webpage says and are in no search engine.
package page

import (
	"bytes"
	"embed"
	"html/template"
	"io/fs"
	"net/http"

	"github.com/kubebark/kubebark/internal/webpage"
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
	webpage.Lock(h)
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
