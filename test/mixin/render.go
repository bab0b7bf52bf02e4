// Package mixin renders kubebark's mixin: the alerts, recording rules and
// dashboards that are written in Jsonnet in the folder mixin.
//
// [Render] evaluates them, with a configuration of one's own or with the one
// that is shipped, and returns files: what Prometheus and Grafana load. The
// tests see that the files in the repository are what it returns, that Grafana's
// own types take the dashboards, and that each query finds something in a
// Prometheus that has scraped the real programs.
package mixin

import (
	"bytes"
	"encoding/json"
	"fmt"
	"path/filepath"

	"github.com/google/go-jsonnet"
	"gopkg.in/yaml.v3"
)

// rule is one of Prometheus, with its keys in the order in which people write
// them.
type rule struct {
	Record      string            `json:"record" yaml:"record,omitempty"`
	Alert       string            `json:"alert" yaml:"alert,omitempty"`
	Expr        string            `json:"expr" yaml:"expr"`
	For         string            `json:"for" yaml:"for,omitempty"`
	Labels      map[string]string `json:"labels" yaml:"labels,omitempty"`
	Annotations annotations       `json:"annotations" yaml:"annotations,omitempty"`
}

type annotations struct {
	Summary     string `json:"summary" yaml:"summary,omitempty"`
	Description string `json:"description" yaml:"description,omitempty"`
	Runbook     string `json:"runbook_url" yaml:"runbook_url,omitempty"`
}

type group struct {
	Name  string `json:"name" yaml:"name"`
	Rules []rule `json:"rules" yaml:"rules"`
}

type groups struct {
	Groups []group `json:"groups" yaml:"groups"`
}

const header = "# Rendered from %s: change that, or render it with a configuration of your own.\n"

// Render evaluates the mixin in a folder. config is the path of a Jsonnet file
// that is merged into the mixin's own configuration; empty, there is none. The
// files it returns are named as they are in the folder.
func Render(folder, config string) (map[string][]byte, error) {
	folder, err := filepath.Abs(folder)
	if err != nil {
		return nil, fmt.Errorf("find mixin: %w", err)
	}
	program := fmt.Sprintf("import %q", filepath.Join(folder, "mixin.libsonnet"))
	if config != "" {
		if config, err = filepath.Abs(config); err != nil {
			return nil, fmt.Errorf("find configuration: %w", err)
		}
		program = fmt.Sprintf("(%s) + (import %q)", program, config)
	}
	program = "(" + program + ")"
	files := make(map[string][]byte)
	for name, field := range map[string]string{"alerts.yml": "prometheusAlerts", "rules.yml": "prometheusRules"} {
		if files[name], err = rules(program, field); err != nil {
			return nil, fmt.Errorf("render %s: %w", name, err)
		}
	}
	var boards map[string]json.RawMessage
	if err := evaluate(program+".grafanaDashboards", &boards); err != nil {
		return nil, fmt.Errorf("render dashboards: %w", err)
	}
	for name, board := range boards {
		var b bytes.Buffer
		if err := json.Indent(&b, board, "", "  "); err != nil {
			return nil, fmt.Errorf("render %s: %w", name, err)
		}
		b.WriteByte('\n')
		files["dashboards/"+name] = b.Bytes()
	}
	return files, nil
}

// rules renders a field of the mixin as a file that Prometheus loads.
func rules(program, field string) ([]byte, error) {
	var g groups
	if err := evaluate(program+"."+field, &g); err != nil {
		return nil, err
	}
	var b bytes.Buffer
	source := "alerts.libsonnet"
	if field == "prometheusRules" {
		source = "rules.libsonnet"
	}
	fmt.Fprintf(&b, header, source)
	enc := yaml.NewEncoder(&b)
	enc.SetIndent(2)
	if err := enc.Encode(g); err != nil {
		return nil, err
	}
	return b.Bytes(), nil
}

// evaluate decodes a Jsonnet program's value, whose fields must be known.
func evaluate(program string, into any) error {
	text, err := jsonnet.MakeVM().EvaluateAnonymousSnippet("mixin", program)
	if err != nil {
		return err
	}
	dec := json.NewDecoder(bytes.NewReader([]byte(text)))
	dec.DisallowUnknownFields()
	return dec.Decode(into)
}
