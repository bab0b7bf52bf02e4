// Command record writes down an incident: it starts a cluster of real parts,
// lets package troubles loose in it, and writes every event as the watch lines
// that `kubectl get events -A --watch-only --output-watch-events -o json`
// prints, with the times of the troubles beside them.
//
//	go run ./incident/record -out incident/two-nodes
//
// writes incident/two-nodes.jsonl and incident/two-nodes.marks.txt. With
// -incident it is one of the long incidents instead, with Kubernetes' own waits.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/signal"
	"strings"
	"syscall"
	"time"

	"github.com/kubebark/kubebark/test/testbed"
	"github.com/kubebark/kubebark/test/troubles"
)

func main() {
	os.Exit(run(os.Args[1:], os.Stderr))
}

func run(args []string, stderr io.Writer) int {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	fs := flag.NewFlagSet("record", flag.ContinueOnError)
	fs.SetOutput(stderr)
	name := fs.String("incident", "", "one of "+incidentNames()+" instead of all short troubles")
	out := fs.String("out", "incident", "path of the files to write, less .jsonl and .marks.txt")
	hold := fs.Duration("hold", 75*time.Second, "how long each trouble lasts")
	rest := fs.Duration("rest", 15*time.Second, "peace after each trouble")
	if err := fs.Parse(args); err != nil {
		return 2
	}
	var err error
	if *name == "" {
		err = script(ctx, *out, troubles.Script{Hold: *hold, Rest: *rest}, stderr)
	} else {
		err = incident(ctx, *out, *name, stderr)
	}
	if err != nil {
		fmt.Fprintf(stderr, "record: %v\n", err)
		return 1
	}
	return 0
}

func incidentNames() string {
	var names []string
	for _, i := range troubles.Incidents() {
		names = append(names, i.Name)
	}
	return strings.Join(names, ", ")
}

// script records the short troubles, one after the other.
func script(ctx context.Context, out string, s troubles.Script, stderr io.Writer) error {
	start := func(ctx context.Context) (*troubles.Cluster, error) {
		return troubles.StartCluster(ctx, testbed.Options{})
	}
	return record(ctx, out, stderr, start, func(c *troubles.Cluster, tell teller) error {
		s.Tell = tell
		return c.Run(ctx, s)
	})
}

// incident records a long one.
func incident(ctx context.Context, out, name string, stderr io.Writer) error {
	for _, i := range troubles.Incidents() {
		if i.Name == name {
			return record(ctx, out, stderr, troubles.StartIncidentCluster, func(c *troubles.Cluster, tell teller) error {
				return c.Play(ctx, i, tell)
			})
		}
	}
	return fmt.Errorf("no incident %q: want one of %s", name, incidentNames())
}

type teller = func(at time.Time, say string)

// record starts a cluster and writes down what happens while play runs.
func record(ctx context.Context, out string, stderr io.Writer,
	start func(context.Context) (*troubles.Cluster, error), play func(*troubles.Cluster, teller) error,
) (err error) {
	events, err := os.Create(out + ".jsonl")
	if err != nil {
		return fmt.Errorf("create recording: %w", err)
	}
	defer func() { err = errors.Join(err, events.Close()) }()
	marks, err := os.Create(out + ".marks.txt")
	if err != nil {
		return fmt.Errorf("create marks: %w", err)
	}
	defer func() { err = errors.Join(err, marks.Close()) }()

	fmt.Fprintln(stderr, "record: starting a cluster")
	cluster, err := start(ctx)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, cluster.Stop()) }()

	r, err := startRecorder(ctx, cluster.Config(), events)
	if err != nil {
		return err
	}
	tell := func(at time.Time, say string) {
		fmt.Fprintf(io.MultiWriter(marks, stderr), "%s %s\n", at.UTC().Format(time.RFC3339), say)
	}
	if err := play(cluster, tell); err != nil {
		return errors.Join(err, r.stop())
	}
	tell(time.Now(), "end")
	return r.stop()
}
