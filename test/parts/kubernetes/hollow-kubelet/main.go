// Command hollow-kubelet is a real kubelet without containers: a node for
// tests and the demo that needs neither root nor a container engine.
//
// All of the kubelet is Kubernetes' own code: sync loop, pod workers, image
// manager with its back-off, probes, status and lease updates, and the event
// recorder with its aggregation and spam filter. Only what lies under it is in
// memory: the container runtime and image service (the CRI's own fakes), the
// machine's figures and its mounts. What happens to a pod is told by its names:
//
//	image …/unpullable/…       the image cannot be pulled
//	image …/crash/…            the container exits with status 1 after a second
//	image …/oom/…              it is killed for its memory after a second
//	pod   no-sandbox…          its sandbox cannot be created
//
// Nor can any sandbox be created while the root directory holds a file called
// no-network.
//
// Every other image is pulled at once and its containers run until they are
// stopped. Each pod's address is 127.0.0.1, so that probes are real, and reach
// whatever listens there; no traffic leaves the machine.
package main

import (
	"context"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"time"

	"k8s.io/klog/v2"
)

func main() {
	os.Exit(run(os.Args[1:]))
}

func run(args []string) int {
	var n node
	fs := flag.NewFlagSet("hollow-kubelet", flag.ContinueOnError)
	fs.StringVar(&n.kubeconfig, "kubeconfig", "", "file that says how to reach the API server")
	fs.StringVar(&n.name, "node-name", "hollow", "name of the node")
	fs.StringVar(&n.root, "root-dir", "", "directory for the kubelet's files; it must exist")
	fs.DurationVar(&n.lease, "lease-duration", 40*time.Second, "how long the node's lease is valid; it is renewed in a quarter of that")
	fs.IntVar(&n.cores, "cores", 8, "number of cores that the node claims to have")
	klog.InitFlags(fs)
	if err := fs.Parse(args); err != nil {
		return 2
	}
	if n.kubeconfig == "" || n.root == "" || fs.NArg() > 0 {
		fmt.Fprintln(os.Stderr, "hollow-kubelet: --kubeconfig and --root-dir are needed, arguments are not")
		return 2
	}
	root, err := filepath.Abs(n.root)
	if err != nil {
		fmt.Fprintf(os.Stderr, "hollow-kubelet: find root directory: %v\n", err)
		return 1
	}
	n.root = root
	// The kubelet never returns once it runs; a signal ends it.
	if err := n.run(context.Background()); err != nil {
		fmt.Fprintf(os.Stderr, "hollow-kubelet: %v\n", err)
		return 1
	}
	return 0
}
