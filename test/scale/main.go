// Command scale measures what each of several exporters costs that divide a
// cluster among them: 1, 2 and 4 shards of the same events, with an API server
// that divides and with one that does not.
//
// This process is the API server (package fakeapi) and makes the load: events
// that are there when the exporters start, then as many writes again as are asked
// for, made while the server is frozen, so that the exporters set the pace. The
// sum of what the shards count must be what was made. Processor time is the
// kernel's, memory is VmRSS after the load.
package main

import (
	"context"
	"flag"
	"fmt"
	"os"
	"os/signal"
	"path/filepath"
	"text/tabwriter"
)

func main() {
	var o options
	flag.StringVar(&o.exporter, "exporter", "../bin/kube-event-exporter", "the exporter")
	flag.IntVar(&o.events, "events", 100_000, "events that are there at the start")
	flag.IntVar(&o.writes, "writes", 50_000, "writes after that, seven of ten repeats")
	flag.Parse()
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	err := measureAll(ctx, &o)
	stop()
	if err != nil {
		fmt.Fprintln(os.Stderr, "scale:", err)
		os.Exit(1)
	}
}

type options struct {
	exporter       string
	events, writes int
}

func measureAll(ctx context.Context, o *options) (err error) {
	if o.exporter, err = filepath.Abs(o.exporter); err != nil {
		return err
	}
	w := tabwriter.NewWriter(os.Stdout, 0, 0, 2, ' ', 0)
	fmt.Fprintln(w, "shards\tfilters\tstart CPU s\tµs/write\tµs/write in all\tmemory MiB\tin all MiB\tevents of a shard")
	for _, tt := range []struct {
		shards  int
		divides bool
	}{{1, false}, {2, false}, {2, true}, {4, false}, {4, true}} {
		fmt.Fprintf(os.Stderr, "scale: %d shards …\n", tt.shards)
		r, err := measure(ctx, o, tt.shards, tt.divides)
		if err != nil {
			return fmt.Errorf("%d shards: %w", tt.shards, err)
		}
		by := "exporter"
		if tt.divides {
			by = "API server"
		}
		fmt.Fprintf(w, "%d\t%s\t%s\t%s\t%.1f\t%s\t%.0f\t%s\n", tt.shards, by, r.span("%.1f", start), r.span("%.1f", perWrite(o.writes)),
			r.sum(perWrite(o.writes)), r.span("%.0f", memory), r.sum(memory), r.span("%.0f", events))
	}
	return w.Flush()
}
