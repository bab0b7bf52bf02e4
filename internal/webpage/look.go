package webpage

import (
	_ "embed"
	"html/template"
	"time"

	"github.com/prometheus/common/model"
)

//go:embed style.css
var style string

// Style is what the exporter's pages have in common of their looks; each adds
// what it alone has.
func Style() template.CSS { return template.CSS(style) } //nolint:gosec // our own file

// Funcs returns what the templates of the exporter's pages have in common:
// style, which is [Style], ago and until, which say how long it is from a time
// to now or from now to it, and stamp, which writes a time for machines.
func Funcs() template.FuncMap {
	return template.FuncMap{
		"style": Style,
		"ago":   func(t time.Time) string { return ago(time.Since(t)) },
		"until": func(t time.Time) string { return Until(time.Until(t)) },
		"stamp": stamp,
	}
}

func ago(d time.Duration) string {
	if d < time.Second {
		return "now"
	}
	return short(d) + " ago"
}

// Until says in how long something is, rounded as people do.
func Until(d time.Duration) string {
	if d < time.Second {
		return "now"
	}
	return "in " + short(d)
}

func short(d time.Duration) string {
	switch {
	case d < 10*time.Minute:
		d = d.Truncate(time.Second)
	case d < 24*time.Hour:
		d = d.Truncate(time.Minute)
	default:
		d = d.Truncate(time.Hour)
	}
	return model.Duration(d).String()
}

// stamp returns "" for no time.
func stamp(t time.Time) string {
	if t.IsZero() {
		return ""
	}
	return t.UTC().Format(time.RFC3339)
}
