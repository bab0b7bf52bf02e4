package page_test

import (
	"strings"
	"testing"
	"testing/fstest"

	"github.com/kubebark/kubebark/barkreceiver/page"
)

// TestMustParse: a page looks like all others, and what it shows is escaped.
func TestMustParse(t *testing.T) {
	files := fstest.MapFS{
		"good": {Data: []byte(`<head>{{ template "style" }}</head>{{ .Name }}`)},
		"bad":  {Data: []byte(`half a page {{ end }}`)},
	}
	var text strings.Builder
	if err := page.MustParse(files, "good").Execute(&text, struct{ Name string }{"<script>"}); err != nil {
		t.Fatal(err)
	}
	if got := text.String(); !strings.Contains(got, "color-scheme: light dark") || !strings.HasSuffix(got, "&lt;script&gt;") {
		t.Error(got)
	}
	defer func() {
		if recover() == nil {
			t.Error("a page that is none was taken")
		}
	}()
	page.MustParse(files, "bad")
}
