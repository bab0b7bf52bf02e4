// Command bench holds what the exporter costs against a floor: the cheapest
// honest consumer of Events, see floor. Each runs as a process of its own
// against this one, which is the API server (package fakeapi) and makes the
// load, so that what is measured is the consumer alone.
//
// For each scenario and subject (see scenario.go) it first checks that the
// subject has counted exactly what was made, the exporter by label set. Then
// it prints a table, with ratios to the floor and the targets. Processor time
// is the kernel's; peak is VmHWM. Full speed means that all writes are made
// while the server is frozen, so that the subject alone sets the pace. The
// subjects run by turns, several times, and of each figure the median is told.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"os"
	"os/signal"
	"strings"
)

type options struct {
	exporter, floor string
	scale           float64
	only, subjects  string
	runs            int
}

func main() {
	var o options
	flag.StringVar(&o.exporter, "exporter", "../bin/kube-event-exporter", "the exporter")
	flag.StringVar(&o.floor, "floor", "floor", "the floor")
	flag.Float64Var(&o.scale, "scale", 1, "part of the load")
	flag.StringVar(&o.only, "scenario", "", "run this scenario alone")
	flag.StringVar(&o.subjects, "subjects", "floor,exporter,exporter+state,exporter+log", "whom to measure")
	flag.IntVar(&o.runs, "runs", 3, "how often each subject runs, by turns; of each figure the median is told")
	flag.Parse()
	o.runs = max(o.runs, 1)
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	err := run(ctx, &o)
	stop()
	if err != nil {
		fmt.Fprintln(os.Stderr, "bench:", err)
		os.Exit(1)
	}
}

func run(ctx context.Context, o *options) error {
	var rows []row
	for _, sc := range scenarios {
		if o.only != "" && o.only != sc.name {
			continue
		}
		names := strings.Split(o.subjects, ",")
		runs := make([][]*row, len(names))
		for n := range o.runs {
			for i, name := range names {
				fmt.Fprintf(os.Stderr, "bench: %s: %s, run %d of %d …\n", sc.name, name, n+1, o.runs)
				r, err := measure(ctx, o, sc.scaled(o.scale), name)
				if err != nil {
					return fmt.Errorf("%s: %s: %w", sc.name, name, err)
				}
				runs[i] = append(runs[i], r)
			}
		}
		for _, rs := range runs {
			rows = append(rows, median(rs))
		}
	}
	if len(rows) == 0 {
		return errors.New("nothing to run")
	}
	printTable(os.Stdout, rows)
	printTargets(os.Stdout, rows)
	return nil
}
