// Mixin renders kubebark's alerts, recording rules and dashboards.
//
//	mixin --config my.libsonnet --out DIR
package main

import (
	"flag"
	"fmt"
	"os"
	"path/filepath"

	"github.com/kubebark/kubebark/test/mixin"
)

func main() {
	if err := run(); err != nil {
		fmt.Fprintln(os.Stderr, "mixin:", err)
		os.Exit(1)
	}
}

func run() error {
	folder := flag.String("mixin", "mixin", "folder of mixin.libsonnet")
	config := flag.String("config", "", "Jsonnet file that is merged into the mixin's configuration")
	out := flag.String("out", "", "folder to write to; default the mixin's own")
	flag.Parse()
	if flag.NArg() > 0 {
		return fmt.Errorf("unexpected argument %q", flag.Arg(0))
	}
	if *out == "" {
		*out = *folder
	}
	files, err := mixin.Render(*folder, *config)
	if err != nil {
		return err
	}
	for name, content := range files {
		path := filepath.Join(*out, name)
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil { //nolint:gosec // for everybody to read
			return err
		}
		if err := os.WriteFile(path, content, 0o644); err != nil { //nolint:gosec // likewise
			return err
		}
	}
	return nil
}
