// Command release builds what is published for a version: for each platform an
// archive with both programs, and for each program a list of what is in it; the
// Helm chart and the manifests with that version in them; and checksums of all.
//
//	release -root ../.. -version 1.2.3 -revision abc1234 -epoch 1700000000 -out dist
//
// Everything is made of the sources and these arguments alone: built twice, it is
// bit by bit the same.
package main

import (
	"errors"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"time"
)

// programs are the packages below cmd.
func programs() []string { return []string{"kube-event-exporter", "alertmanager-bark"} }

// release is one version to be published.
type release struct {
	root     string // the checkout
	version  string
	revision string
	time     time.Time // of all files
	out      string    // where the files go
}

func main() {
	if err := run(os.Args[1:]); err != nil {
		fmt.Fprintln(os.Stderr, "release:", err)
		os.Exit(1)
	}
}

func run(args []string) error {
	var r release
	var platforms string
	var epoch int64
	fs := flag.NewFlagSet("release", flag.ContinueOnError)
	fs.StringVar(&r.root, "root", ".", "the checkout")
	fs.StringVar(&r.version, "version", "", "the version, such as 1.2.3")
	fs.StringVar(&r.revision, "revision", "unknown", "the commit")
	fs.Int64Var(&epoch, "epoch", 0, "the time that all files get, in seconds since 1970")
	fs.StringVar(&r.out, "out", "dist", "where the files go")
	fs.StringVar(&platforms, "platforms", "linux/amd64,linux/arm64,darwin/arm64", "platforms, separated by commas")
	if err := fs.Parse(args); err != nil {
		return err
	}
	if !regexp.MustCompile(`^\d+\.\d+\.\d+(-[0-9A-Za-z.-]+)?$`).MatchString(r.version) {
		return fmt.Errorf("-version %q: a version is like 1.2.3 or 1.2.3-rc.1", r.version)
	}
	if fs.NArg() > 0 {
		return errors.New("only flags are taken")
	}
	r.time = time.Unix(epoch, 0).UTC()
	return r.make(strings.Split(platforms, ","))
}

// make writes all files of the release.
func (r *release) make(platforms []string) error {
	var err error
	if r.out, err = filepath.Abs(r.out); err != nil {
		return fmt.Errorf("find the folder for the release: %w", err)
	}
	if err := os.MkdirAll(r.out, 0o755); err != nil { //nolint:gosec // as make does
		return fmt.Errorf("make the folder for the release: %w", err)
	}
	for _, p := range platforms {
		goos, goarch, ok := strings.Cut(p, "/")
		if !ok {
			return fmt.Errorf("platform %q: want one like linux/amd64", p)
		}
		if err := r.platform(goos, goarch); err != nil {
			return err
		}
	}
	if err := r.chart(); err != nil {
		return err
	}
	if err := r.manifests(); err != nil {
		return err
	}
	return r.checksums()
}
