// Demo shows kubebark at work on one machine: `make demo` builds and runs it.
//
// It starts a stand-in for phones and bark-server, a real Alertmanager,
// alertmanager-bark and kube-event-exporter, writes a configuration for each
// into a temporary directory, and tells on the terminal what comes of it
// while the exporter replays a recorded incident, or watches a cluster.
// Everything listens on the loopback address only and ends with the demo.
//
// The flow: [parse] reads flags and environment, [demo.run] checks ports and
// programs, starts the parts one after the other as each gets ready, and hands
// over to the story, which watches the phones and Alertmanager and says when
// all is clear.
package main

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

func main() {
	// The parts ask the kernel to end them when the thread that started them
	// ends, so it has to be one that lasts.
	runtime.LockOSThread()
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM, syscall.SIGHUP)
	code := run(ctx, os.Args[1:], os.Stdout, os.Stderr)
	stop()
	os.Exit(code)
}

// run is main without the process around it.
func run(ctx context.Context, args []string, stdout, stderr io.Writer) int {
	o, err := parse(args, os.Getenv, stderr)
	if errors.Is(err, flag.ErrHelp) {
		return 0
	}
	if err == nil {
		err = newDemo(o, stdout).run(ctx)
	}
	var usage usageError
	switch {
	case errors.As(err, &usage):
		fmt.Fprintln(stderr, "demo:", err)
		return 2
	case err != nil:
		fmt.Fprintln(stderr, "demo:", err)
		return 1
	}
	return 0
}
