// Command record writes down an incident: it starts a cluster of real parts,
// lets package troubles loose in it, and writes every event as the watch lines
// that `kubectl get events -A --watch-only --output-watch-events -o json`
// prints, with the times of the troubles beside them.
//
//	go run ./incident/record -out incident/two-nodes
//
// writes incident/two-nodes.jsonl and incident/two-nodes.marks.txt.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/signal"
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
	out := fs.String("out", "incident", "path of the files to write, less .jsonl and .marks.txt")
	hold := fs.Duration("hold", 75*time.Second, "how long each trouble lasts")
	rest := fs.Duration("rest", 15*time.Second, "peace after each trouble")
	if err := fs.Parse(args); err != nil {
		return 2
	}
	if err := record(ctx, *out, troubles.Script{Hold: *hold, Rest: *rest}, stderr); err != nil {
		fmt.Fprintf(stderr, "record: %v\n", err)
		return 1
	}
	return 0
}

func record(ctx context.Context, out string, s troubles.Script, stderr io.Writer) (err error) {
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
	cluster, err := troubles.StartCluster(ctx, testbed.Options{})
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, cluster.Stop()) }()

	r, err := startRecorder(ctx, cluster.Config(), events)
	if err != nil {
		return err
	}
	s.Tell = func(at time.Time, say string) {
		fmt.Fprintf(io.MultiWriter(marks, stderr), "%s %s\n", at.UTC().Format(time.RFC3339), say)
	}
	if err := cluster.Run(ctx, s); err != nil {
		return errors.Join(err, r.stop())
	}
	s.Tell(time.Now(), "end")
	return r.stop()
}
