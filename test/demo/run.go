package demo

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/signal"
	"runtime"
	"syscall"
)

// Cluster is a cluster in which trouble is made while the demo runs.
type Cluster interface {
	// Start starts it and returns the path of its kubeconfig. dir is for
	// data and logs, parts has the programs.
	Start(ctx context.Context, dir, parts string) (kubeconfig string, err error)
	// Run makes trouble and mends it again, and tells of each.
	Run(ctx context.Context, tell func(what string)) error
	// Stop ends it, also where Start has failed half-way.
	Stop() error
}

// Main is the whole of a demo program: it runs until the story is over or a
// signal comes, and returns the exit status. Without a cluster the demo
// replays a recording or watches a cluster that is there already.
func Main(args []string, cluster Cluster) int {
	// The parts ask the kernel to end them when the thread that started them
	// ends, so it has to be one that lasts.
	runtime.LockOSThread()
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM, syscall.SIGHUP)
	defer stop()

	o, err := parse(args, os.Getenv, os.Stderr, cluster != nil)
	if errors.Is(err, flag.ErrHelp) {
		return 0
	}
	if err == nil {
		err = newDemo(o, os.Stdout, cluster).run(ctx)
	}
	return status(err, os.Stderr)
}

// status tells of an error and returns the exit status it means.
func status(err error, stderr io.Writer) int {
	if err == nil {
		return 0
	}
	fmt.Fprintln(stderr, "demo:", err)
	if _, ok := errors.AsType[usageError](err); ok {
		return 2
	}
	return 1
}
