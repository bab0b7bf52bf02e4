// Package board reads Grafana's dashboards as far as it takes to ask their
// queries: panels, variables, annotations.
package board

import (
	"encoding/json"
	"fmt"
	"strings"
	"time"

	"github.com/prometheus/common/model"
)

// Board is a dashboard.
type Board struct {
	UID         string
	Title       string
	Panels      []Panel
	Templating  struct{ List []Variable }
	Links       []Link
	Annotations struct {
		List []struct{ Name, Expr string }
	}
}

// Panel is one of its panels; a row is one without queries.
type Panel struct {
	Title, Description, Type string
	Targets                  []Target
	GridPos                  struct{ X, Y, W, H int }
	Links                    []Link
	FieldConfig              struct {
		Defaults  struct{ Unit string }
		Overrides []struct {
			Matcher    struct{ Options any }
			Properties []struct {
				ID    string
				Value any
			}
		}
	}
	Transformations []struct {
		Options struct{ RenameByName map[string]string }
	}
}

// Share tells whether a query's values are shown as shares of 1.
func (p *Panel) Share(refID string) bool {
	const unit = "percentunit"
	if p.FieldConfig.Defaults.Unit == unit {
		return true
	}
	column := ""
	for _, t := range p.Transformations {
		if title := t.Options.RenameByName["Value #"+refID]; title != "" {
			column = title
		}
	}
	for _, o := range p.FieldConfig.Overrides {
		for _, property := range o.Properties {
			if o.Matcher.Options == column && property.ID == "unit" && property.Value == unit {
				return true
			}
		}
	}
	return false
}

// Link leads out of a dashboard or panel.
type Link struct{ Title, URL string }

// Target is a query of a panel.
type Target struct {
	RefID        string
	Expr         string
	Instant      bool
	LegendFormat string
}

// Variable is one of a dashboard's.
type Variable struct {
	Name, Type string
	Query      any
	AllValue   string
	Current    struct{ Value any }
}

// Parse reads a dashboard.
func Parse(file []byte) (*Board, error) {
	b := new(Board)
	if err := json.Unmarshal(file, b); err != nil {
		return nil, fmt.Errorf("decode dashboard: %w", err)
	}
	return b, nil
}

// Values take the place of variables in queries.
type Values struct {
	Range        time.Duration
	RateInterval time.Duration
	Chosen       map[string]string // by the variable's name
}

// Everything are the values where all is chosen that the queries of variables
// offer.
func (b *Board) Everything(span, rate time.Duration) Values {
	v := Values{Range: span, RateInterval: rate, Chosen: make(map[string]string)}
	for _, one := range b.Templating.List {
		switch one.Type {
		case "query":
			v.Chosen[one.Name] = one.AllValue
		case "custom":
			v.Chosen[one.Name] = fmt.Sprint(one.Current.Value)
		}
	}
	return v
}

// Fill puts the values into an expression.
func (v Values) Fill(expr string) string {
	expr = strings.NewReplacer(
		"$__rate_interval", model.Duration(v.RateInterval).String(),
		"$__range", model.Duration(v.Range).String(),
	).Replace(expr)
	for name, value := range v.Chosen {
		expr = strings.ReplaceAll(expr, "$"+name, value)
	}
	return expr
}
