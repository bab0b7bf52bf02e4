package mixin

import (
	"context"
	"encoding/json"
	"net/http"
	"net/url"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/kubebark/kubebark/test/mixin/board"
	"github.com/kubebark/kubebark/test/testbed"
)

var (
	linkURL  = regexp.MustCompile(`"url": "([^"]+)"`)
	variable = regexp.MustCompile(`\$\{([^}]+)\}`)
)

// links are all that a dashboard's file has, in panels, fields and at its top.
func links(file []byte) []string {
	var all []string
	for _, m := range linkURL.FindAllSubmatch(file, -1) {
		all = append(all, strings.ReplaceAll(string(m[1]), `\u0026`, "&"))
	}
	slices.Sort(all)
	return slices.Compact(all)
}

// TestLinks: what a link has in ${…} is a variable of the dashboard, a field or
// the time range; with that put in, it is a URL; and there are links to the
// exporter's alerts, to Alertmanager and to logs.
func TestLinks(t *testing.T) {
	for name, file := range rendered(t) {
		if !strings.HasSuffix(name, ".json") {
			continue
		}
		b, err := board.Parse(file)
		if err != nil {
			t.Fatal(err)
		}
		known := []string{"__from", "__to"}
		for _, v := range b.Templating.List {
			known = append(known, v.Name)
		}
		for _, link := range links(file) {
			for _, m := range variable.FindAllStringSubmatch(link, -1) {
				if !slices.Contains(known, m[1]) && !strings.HasPrefix(m[1], "__data.fields.") {
					t.Errorf("%s: nothing is known of ${%s} in %s", name, m[1], link)
				}
			}
			u, err := url.Parse(variable.ReplaceAllString(link, "x"))
			if err != nil {
				t.Errorf("%s: %v", name, err)
				continue
			}
			if panes := u.Query().Get("panes"); panes != "" && !json.Valid([]byte(panes)) {
				t.Errorf("%s: no JSON: %s", name, panes)
			}
		}
		for _, want := range []string{"${exporter}/alerts", "${exporter}/noise", "${alertmanager_ui}/#/alerts"} {
			if !slices.ContainsFunc(links(file), func(l string) bool { return strings.HasPrefix(l, want) }) {
				t.Errorf("%s has no link to %s", name, want)
			}
		}
	}
	if events := links(rendered(t)["dashboards/events.json"]); !slices.ContainsFunc(events, func(l string) bool { return strings.HasPrefix(l, "/explore?") }) {
		t.Errorf("no link to logs among %v", events)
	}
}

// follow: links to the exporter lead somewhere.
func follow(ctx context.Context, t *testing.T, a *asker, file []byte) {
	t.Helper()
	for _, link := range links(file) {
		rest, ok := strings.CutPrefix(link, "${exporter}")
		if !ok {
			continue
		}
		status, _, err := testbed.Get(ctx, a.URL("demo-exporter")+variable.ReplaceAllString(rest, "x"))
		if err != nil || status != http.StatusOK {
			t.Errorf("%s answers with %d, %v", link, status, err)
		}
	}
}
