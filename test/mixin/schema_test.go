package mixin

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/grafana/grafana-foundation-sdk/go/cog"
	"github.com/grafana/grafana-foundation-sdk/go/dashboard"
	"github.com/grafana/grafana-foundation-sdk/go/prometheus"
	"github.com/grafana/grafana-foundation-sdk/go/stat"
	"github.com/grafana/grafana-foundation-sdk/go/table"
	"github.com/grafana/grafana-foundation-sdk/go/timeseries"

	"github.com/kubebark/kubebark/test/mixin/board"
	"github.com/kubebark/kubebark/test/testbed"
)

// knowPanels makes the schema know the kinds of panels and queries that the
// dashboards have; there are many more.
func knowPanels() {
	r := cog.NewRuntime()
	r.RegisterPanelcfgVariant(stat.VariantConfig())
	r.RegisterPanelcfgVariant(table.VariantConfig())
	r.RegisterPanelcfgVariant(timeseries.VariantConfig())
	r.RegisterDataqueryVariant(prometheus.VariantConfig())
}

// strict decodes a dashboard. The schema's decoder returns a list of faults as
// an error even where it is empty.
//
//nolint:staticcheck // the form that comes after it is one that Grafana 11 does not read
func strict(file []byte) (*dashboard.Dashboard, error) {
	d := new(dashboard.Dashboard)
	err := d.UnmarshalJSONStrict(file)
	if faults, ok := errors.AsType[cog.BuildErrors](err); ok && len(faults) == 0 {
		err = nil
	}
	return d, err
}

// TestSchema: Grafana's own types take the dashboards, field by field, and
// nothing is in them that Grafana 11 does not know.
func TestSchema(t *testing.T) {
	knowPanels()
	uids := make(map[string]string)
	for name, file := range rendered(t) {
		if !strings.HasSuffix(name, ".json") {
			continue
		}
		d, err := strict(file)
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		if err := d.Validate(); err != nil {
			t.Errorf("%s: %v", name, err)
		}
		if d.SchemaVersion != 39 {
			t.Errorf("%s is of schema %d, Grafana 11.0 knows 39", name, d.SchemaVersion)
		}
		if other := uids[*d.Uid]; other != "" {
			t.Errorf("%s and %s have one uid", name, other)
		}
		uids[*d.Uid] = name
		if err := complete(file); err != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// TestSchemaIsStrict: the check is one that can fail.
func TestSchemaIsStrict(t *testing.T) {
	knowPanels()
	events := string(rendered(t)["dashboards/events.json"])
	for _, change := range [][2]string{
		{`"graphTooltip": 1`, `"graphTooltip": "1"`},
		{`"drawStyle": "line"`, `"drawStyle": "line", "lineColour": "red"`},
		{`"wideLayout": true`, `"wideLayout": true, "wide": true`},
		{`"instant": true`, `"instant": true, "now": true`},
		{`"gridPos"`, `"gridPosition"`},
		{`"templating"`, `"variables"`},
	} {
		broken := strings.Replace(events, change[0], change[1], 1)
		if broken == events {
			t.Errorf("no %s in it", change[0])
		}
		if _, err := strict([]byte(broken)); err == nil {
			t.Errorf("%s in place of %s was taken", change[1], change[0])
		}
	}
}

// TestGrafana11: the types of Grafana 11 take the dashboards, too, and not what
// only later ones know.
func TestGrafana11(t *testing.T) {
	path, err := testbed.Binary("", "grafana11")
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	check := func(name string, file []byte) error {
		f := filepath.Join(dir, filepath.Base(name))
		if err := os.WriteFile(f, file, 0o600); err != nil {
			t.Fatal(err)
		}
		out, err := exec.CommandContext(t.Context(), path, f).CombinedOutput()
		if err != nil {
			err = fmt.Errorf("%w\n%s", err, out)
		}
		return err
	}
	for name, file := range rendered(t) {
		if !strings.HasSuffix(name, ".json") {
			continue
		}
		if err := check(name, file); err != nil {
			t.Error(err)
		}
		for _, change := range []string{`"wideLayout": true, "wide": true`, `"wideLayout": "yes"`} {
			broken := bytes.ReplaceAll(file, []byte(`"wideLayout": true`), []byte(change))
			if err := check(name, broken); err == nil {
				t.Errorf("%s with %s is taken", name, change)
			}
		}
	}
}

// complete tells what is missing of what a reader wants of each panel, and
// where two lie on each other.
func complete(file []byte) error {
	b, err := board.Parse(file)
	if err != nil {
		return err
	}
	core := []string{"row", "stat", "table", "timeseries"} // in Grafana 11 and 12 alike
	taken := make(map[[2]int]string)
	titles := make(map[string]bool)
	for _, p := range b.Panels {
		switch {
		case !slices.Contains(core, p.Type):
			return fmt.Errorf("panel %q is of type %q", p.Title, p.Type)
		case p.Title == "" || titles[p.Title]:
			return fmt.Errorf("two panels are called %q", p.Title)
		case p.Type != "row" && (len(p.Targets) == 0 || p.Description == "" && p.Title != "Goroutines" && p.Title != "Open files"):
			return fmt.Errorf("panel %q lacks queries or a description", p.Title)
		}
		titles[p.Title] = true
		for x := range p.GridPos.W {
			for y := range p.GridPos.H {
				at := [2]int{p.GridPos.X + x, p.GridPos.Y + y}
				if taken[at] != "" || at[0] >= 24 {
					return fmt.Errorf("panel %q lies on %q or beyond the edge", p.Title, taken[at])
				}
				taken[at] = p.Title
			}
		}
	}
	return nil
}
