package main

import (
	"archive/tar"
	"bytes"
	"compress/gzip"
	"context"
	"debug/buildinfo"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/CycloneDX/cyclonedx-go"
	"github.com/google/go-cmp/cmp"

	"github.com/kubebark/kubebark/test/testbed"
)

const (
	root    = "../.."
	version = "9.8.7-rc.1"
)

var platforms = flag.String("platforms", "linux/amd64", "platforms to build the release for, twice")

func TestRelease(t *testing.T) {
	first, second := t.TempDir(), t.TempDir()
	for _, out := range []string{first, second} {
		must(t, run([]string{"-root=" + root, "-version=" + version, "-revision=abc1234", "-epoch=1700000000", "-out=" + out, "-platforms=" + *platforms}))
	}
	sums := read(t, first, "sha256sums.txt")
	if diff := cmp.Diff(sums, read(t, second, "sha256sums.txt")); diff != "" {
		t.Errorf("built twice it differs:\n%s", diff)
	}
	check := exec.CommandContext(t.Context(), "sha256sum", "--check", "--strict", "sha256sums.txt")
	check.Dir = first
	if out, err := check.CombinedOutput(); err != nil {
		t.Errorf("sha256sum: %v\n%s", err, out)
	}
	entries, err := os.ReadDir(first)
	must(t, err)
	for _, e := range entries {
		if e.Name() != "sha256sums.txt" && !strings.Contains(sums, "  "+e.Name()+"\n") {
			t.Errorf("no checksum of %s", e.Name())
		}
	}
	dir := unpack(t, first, "kubebark-"+version+".linux-amd64.tar.gz")
	t.Run("programs", func(t *testing.T) { testPrograms(t, dir) })
	t.Run("components", func(t *testing.T) { testComponents(t, first, dir) })
	t.Run("chart", func(t *testing.T) { testChart(t, first) })
	t.Run("manifests", func(t *testing.T) { testManifests(t, first) })
}

// testPrograms: both say which version they are, and the metric does.
func testPrograms(t *testing.T, dir string) {
	for _, p := range programs() {
		out, err := exec.CommandContext(t.Context(), filepath.Join(dir, p), "--version").CombinedOutput()
		if err != nil || !strings.Contains(string(out), version) || !strings.Contains(string(out), "abc1234") {
			t.Errorf("%s --version: %v\n%s", p, err, out)
		}
	}
	port, err := testbed.FreePort()
	must(t, err)
	addr := fmt.Sprintf("127.0.0.1:%d", port)
	p, err := testbed.Run(testbed.Command{
		Name: "kube-event-exporter", Path: filepath.Join(dir, "kube-event-exporter"), Dir: t.TempDir(),
		Args: []string{"--web.listen-address=" + addr, "--replay.file=/dev/null"},
	})
	must(t, err)
	testbed.Attach(t, p)
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	must(t, testbed.Poll(ctx, "until the metrics tell the version", func(ctx context.Context) (bool, error) {
		_, body, err := testbed.Get(ctx, "http://"+addr+"/metrics")
		return strings.Contains(body, `kube_event_exporter_build_info{`) && strings.Contains(body, `version="`+version+`"`), err
	}))
}

// testComponents: the list of components is CycloneDX's, and has all that is in
// the program, and nothing else.
func testComponents(t *testing.T, out, dir string) {
	for _, p := range programs() {
		info, err := buildinfo.ReadFile(filepath.Join(dir, p))
		must(t, err)
		want := []string{"std " + info.GoVersion}
		for _, m := range info.Deps {
			want = append(want, m.Path+" "+m.Version)
			if m.Path == "github.com/klauspost/compress" {
				t.Errorf("%s links %s, which nothing uses", p, m.Path)
			}
		}
		var bom cyclonedx.BOM
		text := read(t, out, fmt.Sprintf("kubebark-%s.linux-amd64.%s.cdx.json", version, p))
		must(t, cyclonedx.NewBOMDecoder(strings.NewReader(text), cyclonedx.BOMFileFormatJSON).Decode(&bom))
		var got []string
		for _, c := range *bom.Components {
			got = append(got, c.Name+" "+c.Version)
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("%s: -linked +listed:\n%s", p, diff)
		}
		if c := bom.Metadata.Component; c.Name != p || c.Version != version {
			t.Errorf("it is of %s %s", c.Name, c.Version)
		}
	}
}

// testChart: helm takes the packed chart, which runs this version.
func testChart(t *testing.T, out string) {
	chart := filepath.Join(out, "kubebark-chart-"+version+".tgz")
	text := tool(t, "helm", "template", "kubebark", chart, "--set=prometheusRule.enabled=true,dashboards.enabled=true")
	for _, want := range []string{"image: kubebark/kubebark:" + version, "kubebark-" + version, "alert: KubeEventWatchStalled", "kubebark-dashboard-events"} {
		if !strings.Contains(text, want) {
			t.Errorf("no %q in what the chart makes", want)
		}
	}
}

// testManifests: kubectl takes the unpacked manifests.
func testManifests(t *testing.T, out string) {
	dir := unpack(t, out, "kubebark-manifests-"+version+".tar.gz")
	text := tool(t, "kubectl", "kustomize", filepath.Join(dir, "deploy", "overlays", "kube-prometheus"))
	if n := strings.Count(text, "image: kubebark/kubebark:"+version+"\n"); n != 2 {
		t.Errorf("%d images of the version, want 2", n)
	}
}

func tool(t *testing.T, name string, args ...string) string {
	t.Helper()
	path, err := testbed.Binary("", name)
	must(t, err)
	var out, stderr bytes.Buffer
	cmd := exec.CommandContext(t.Context(), path, args...)
	cmd.Stdout, cmd.Stderr = &out, &stderr
	if err := cmd.Run(); err != nil {
		t.Fatalf("%s %v: %v\n%s", name, args, err, stderr.String())
	}
	return out.String()
}

// unpack unpacks an archive and returns its one folder.
func unpack(t *testing.T, out, name string) string {
	t.Helper()
	dir := t.TempDir()
	gz, err := gzip.NewReader(strings.NewReader(read(t, out, name)))
	must(t, err)
	r := tar.NewReader(gz)
	for {
		h, err := r.Next()
		if errors.Is(err, io.EOF) {
			break
		}
		must(t, err)
		if h.Uid != 0 || h.Uname != "" || !h.ModTime.Equal(time.Unix(1700000000, 0)) || !filepath.IsLocal(h.Name) {
			t.Errorf("%s: %+v", h.Name, h)
		}
		data, err := io.ReadAll(r)
		must(t, err)
		path := filepath.Join(dir, h.Name)
		must(t, os.MkdirAll(filepath.Dir(path), 0o755))
		must(t, os.WriteFile(path, data, h.FileInfo().Mode()))
	}
	entries, err := os.ReadDir(dir)
	must(t, err)
	if len(entries) != 1 {
		t.Fatalf("%s has %d folders", name, len(entries))
	}
	return filepath.Join(dir, entries[0].Name())
}

func read(t *testing.T, dir, name string) string {
	t.Helper()
	data, err := os.ReadFile(filepath.Join(dir, name))
	must(t, err)
	return string(data)
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// TestTags: what make, the Dockerfile, the release and the image's test build has the
// same tags.
func TestTags(t *testing.T) {
	tags := regexp.MustCompile(`(?m)(?:^TAGS := |-tags"?,? "?)([a-z_,]+)`)
	for _, name := range []string{"Makefile", "Dockerfile", "test/release/build.go", "test/deploy/image_test.go"} {
		var got []string
		for _, m := range tags.FindAllStringSubmatch(read(t, root, name), -1) {
			got = append(got, m[1])
		}
		if diff := cmp.Diff([]string{"timberjack_nozstd"}, got); diff != "" {
			t.Errorf("%s: -wanted +found\n%s", name, diff)
		}
	}
}

// TestWrongUse: what makes no sense is refused before anything is built.
func TestWrongUse(t *testing.T) {
	for _, args := range [][]string{
		{},
		{"-version=v1.2.3"},
		{"-version=1.2"},
		{"-version=1.2.3", "more"},
		{"-version=1.2.3", "-platforms=linux", "-out=" + t.TempDir()},
	} {
		if err := run(slices.Clone(args)); err == nil {
			t.Errorf("%v: taken", args)
		}
	}
}
