package main

import (
	"errors"
	"fmt"
	"io"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/prometheus/common/model"

	"github.com/kubebark/kubebark/alertbridge/rule"
	"github.com/kubebark/kubebark/exporter/decode"
	"github.com/kubebark/kubebark/exporter/occurrence"
	"github.com/kubebark/kubebark/exporter/series"
	"github.com/kubebark/kubebark/internal/cli"
)

func addExplain(app *cli.App) {
	c := app.Command("explain", "Read Events and print for each what is counted, which rule matches, and the alert it would raise.")
	configFile := c.Flag("config.file", "Path to the configuration file.").String()
	file := c.Arg("FILE", "Events as kubectl prints them: JSON, YAML, a List, JSON lines or watch lines; default is standard input.").String()
	app.Handle(c, func() error { return explain(*configFile, *file, app.Stdio) })
}

func explain(configFile, file string, std cli.Stdio) error {
	cfg, err := loadConfig(configFile, nil)
	if err != nil {
		return err
	}
	rules, err := rule.Compile(cfg.Alerts, cfg.ExternalLabels)
	if err != nil {
		return cli.UsageError{Err: fmt.Errorf("%s: %w", configFile, err)}
	}
	in, label, err := std.Open(file)
	if err != nil {
		return err
	}
	defer in.Close()
	var faults []error
	err = decode.Read(in, func(r decode.Record, f *decode.Fault) bool {
		if f != nil {
			faults = append(faults, fmt.Errorf("%s:%d: %w", label, f.Line, f.Err))
			return true
		}
		printExplanation(std.Out, &cfg.Metrics, r, rules.Explain(r.Event))
		return true
	})
	if err != nil {
		return fmt.Errorf("%s: %w", label, err)
	}
	return errors.Join(faults...)
}

func printExplanation(w io.Writer, metrics *series.Config, r decode.Record, x rule.Explanation) {
	e := r.Event
	fmt.Fprintf(w, "%s %s, %s, %d×: %s\n", orNone(e.Type), orNone(e.Reason), place(&e.Object), e.Count, orNone(firstLine(e.Message)))
	if r.Deleted {
		fmt.Fprint(w, "  deleted or expired: counts nothing and ends no alert\n\n")
		return
	}
	fmt.Fprintf(w, "  counts   kube_event_occurrences_total{%s}\n", labels(metrics, e))
	switch {
	case x.Dropped:
		fmt.Fprintf(w, "  rule     %s: dropped, no alert\n", x.Rule)
	case !x.Alerts:
		fmt.Fprintln(w, "  rule     none: no alert")
	default:
		fmt.Fprintf(w, "  rule     %s\n", x.Rule)
	}
	if x.Why != "" {
		fmt.Fprintf(w, "           %s\n", x.Why)
	}
	if x.Recovery {
		fmt.Fprintln(w, "  ends     alerts on the same object whose rules name this reason")
	}
	if x.Alerts {
		printAlert(w, &x)
	}
	fmt.Fprintln(w)
}

// labels returns those of the series that an event counts into, where there is
// room.
func labels(c *series.Config, e *occurrence.Event) string {
	k := c.KeyOf(e)
	var b strings.Builder
	fmt.Fprintf(&b, "type=%q,reason=%q,kind=%q,namespace=%q,component=%q", k.Type, k.Reason, k.Kind, k.Namespace, k.Component)
	for _, l := range c.Labels {
		fmt.Fprintf(&b, ",%s=%q", l, k.Extra(l))
	}
	return b.String()
}

func printAlert(w io.Writer, x *rule.Explanation) {
	printMap(w, "labels", x.Labels)
	printMap(w, "notes", x.Annotations)
	fires := "at the first occurrence"
	if x.For > 0 {
		fires = "at the first occurrence that comes " + duration(x.For) + " or more after the first"
	}
	if x.MinOccurrences > 1 {
		fires += fmt.Sprintf(", with %d or more occurrences", x.MinOccurrences)
		if x.Within > 0 {
			fires += " within " + duration(x.Within)
		}
	}
	fmt.Fprintf(w, "  fires    %s\n", fires)
	ends := "when quiet for " + duration(x.KeepFiringFor)
	if len(x.ResolveOn) > 0 {
		ends += ", or on " + strings.Join(x.ResolveOn, ", ")
	}
	if x.ResolveAfter > 0 {
		ends += " that holds for " + duration(x.ResolveAfter)
	}
	fmt.Fprintf(w, "  ends     %s\n", ends)
}

func printMap(w io.Writer, heading string, m map[string]string) {
	for i, k := range slices.Sorted(maps.Keys(m)) {
		if i > 0 {
			heading = ""
		}
		fmt.Fprintf(w, "  %-8s %s: %s\n", heading, k, firstLine(m[k]))
	}
}

func place(o *occurrence.Object) string {
	s := orNone(o.Kind) + " "
	if o.Namespace != "" {
		s += o.Namespace + "/"
	}
	s += orNone(o.Name)
	if o.FieldPath != "" {
		s += " " + o.FieldPath
	}
	return s
}

func orNone(s string) string {
	if s == "" {
		return "(none)"
	}
	return s
}

func firstLine(s string) string {
	line, _, more := strings.Cut(s, "\n")
	if more {
		line += " …"
	}
	return line
}

func duration(d time.Duration) string { return model.Duration(d).String() }
