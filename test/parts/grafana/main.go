// Command grafana11 decodes dashboards by the strict types of Grafana 11, and
// fails where one has what they do not know.
//
//	grafana11 FILE…
//
// It is a module of its own because each version of the SDK has the types of one
// Grafana; those of later ones are in the module of the tests.
package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"os"

	"github.com/grafana/grafana-foundation-sdk/go/cog"
	"github.com/grafana/grafana-foundation-sdk/go/dashboard"
	"github.com/grafana/grafana-foundation-sdk/go/prometheus"
	"github.com/grafana/grafana-foundation-sdk/go/stat"
	"github.com/grafana/grafana-foundation-sdk/go/table"
	"github.com/grafana/grafana-foundation-sdk/go/timeseries"
)

func main() {
	if err := run(os.Args[1:]); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

func run(files []string) error {
	if len(files) == 0 {
		return errors.New("usage: grafana11 FILE…")
	}
	know()
	var all []error
	for _, f := range files {
		if err := check(f); err != nil {
			all = append(all, fmt.Errorf("%s: %w", f, err))
		}
	}
	return errors.Join(all...)
}

// know makes the schema know the kinds of panels and queries that the dashboards
// have; there are many more.
func know() {
	r := cog.NewRuntime()
	r.RegisterPanelcfgVariant(stat.VariantConfig())
	r.RegisterPanelcfgVariant(table.VariantConfig())
	r.RegisterPanelcfgVariant(timeseries.VariantConfig())
	r.RegisterDataqueryVariant(prometheus.VariantConfig())
}

// check decodes one dashboard. The decoder returns its list of faults as an
// error even where it is empty.
func check(file string) error {
	data, err := os.ReadFile(file)
	if err != nil {
		return err
	}
	if data, err = open(data); err != nil {
		return err
	}
	d := new(dashboard.Dashboard)
	err = d.UnmarshalJSONStrict(data)
	if faults, ok := errors.AsType[cog.BuildErrors](err); err != nil && (!ok || len(faults) > 0) {
		return err
	}
	return d.Validate()
}

// open takes from annotations what is the Prometheus data source's own. Grafana
// 11 leaves an annotation open for that, and later ones name these fields; only
// the SDK's types for 11 do neither.
func open(data []byte) ([]byte, error) {
	var board map[string]any
	if err := json.Unmarshal(data, &board); err != nil {
		return nil, err
	}
	annotations, _ := board["annotations"].(map[string]any)
	list, _ := annotations["list"].([]any)
	for _, a := range list {
		a, _ := a.(map[string]any)
		for _, field := range []string{"step", "tagKeys", "titleFormat"} {
			delete(a, field)
		}
	}
	return json.Marshal(board)
}
