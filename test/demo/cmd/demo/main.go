// Demo shows kubebark at work on a recorded incident, or on a cluster that is
// there already: `make demo` builds and runs it.
package main

import (
	"os"

	"github.com/kubebark/kubebark/test/demo"
)

func main() { os.Exit(demo.Main(os.Args[1:], nil)) }
