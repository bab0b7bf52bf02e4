// Package page has what the receiver's web pages look like; package webpage writes
// them.
package page

import (
	_ "embed"
	"html/template"
	"io/fs"
)

//go:embed style.css
var style string

// MustParse parses the template of a page. There it finds a template "style", what
// all pages look like. It panics where the template cannot be parsed: that is not
// the user's to mend.
func MustParse(files fs.FS, name string) *template.Template {
	t := template.Must(template.New(name).Parse(`{{ define "style" }}<style>` + style + `</style>{{ end }}`))
	return template.Must(t.ParseFS(files, name))
}
