package deploy

import (
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"sigs.k8s.io/yaml"

	"github.com/kubebark/kubebark/test/docs/page"
)

// TestWorkflows: what runs on a change and for a release is YAML, and calls
// targets that the Makefile has.
func TestWorkflows(t *testing.T) {
	t.Parallel()
	target := regexp.MustCompile(`\bmake ([a-z-]+)`)
	files, err := filepath.Glob(filepath.Join(root, ".github", "*", "*.yml"))
	must(t, err)
	var called []string
	for _, f := range files {
		data, err := os.ReadFile(f)
		must(t, err)
		var v map[string]any
		if err := yaml.UnmarshalStrict(data, &v); err != nil {
			t.Errorf("%s: %v", f, err)
		}
		if filepath.Base(filepath.Dir(f)) == "workflows" {
			for _, m := range target.FindAllStringSubmatch(string(data), -1) {
				called = append(called, m[1])
			}
		}
	}
	for _, name := range []string{"README.md", "CONTRIBUTING.md", "docs/install.md", "mixin/README.md"} {
		p, err := page.Read(root, name)
		must(t, err)
		for _, b := range p.Blocks {
			for _, m := range target.FindAllStringSubmatch(b.Text, -1) {
				called = append(called, m[1])
			}
		}
	}
	if len(called) < 8 {
		t.Fatalf("only %v are called", called)
	}
	slices.Sort(called)
	for _, name := range slices.Compact(called) {
		cmd := exec.CommandContext(t.Context(), "make", "--dry-run", "--question", name, "VERSION=1.2.3")
		cmd.Dir = root
		if out, err := cmd.CombinedOutput(); err != nil && strings.Contains(string(out), "No rule to make target") {
			t.Errorf("make %s: %s", name, out)
		}
	}
}

// TestToolchain: the image is built with the Go that releases are built with.
func TestToolchain(t *testing.T) {
	t.Parallel()
	var versions []string
	for name, version := range map[string]string{"go.mod": `(?m)^toolchain go(\S+)$`, "Dockerfile": `(?m)^ARG GO_VERSION=(\S+)$`} {
		data, err := os.ReadFile(filepath.Join(root, name))
		must(t, err)
		m := regexp.MustCompile(version).FindSubmatch(data)
		if m == nil {
			t.Fatalf("%s names no Go", name)
		}
		versions = append(versions, string(m[1]))
	}
	if versions[0] != versions[1] {
		t.Errorf("go.mod and Dockerfile name Go %q", versions)
	}
}

// TestVersions: the manifests and the chart are of the version that is being
// worked on, as is the image that the pages tell to build, and the image is built by the Go that the modules ask for, or a
// later one.
func TestVersions(t *testing.T) {
	read := func(path, pattern string) string {
		data, err := os.ReadFile(filepath.Join(root, path))
		must(t, err)
		m := regexp.MustCompile(pattern).FindStringSubmatch(string(data))
		if m == nil {
			t.Fatalf("%s has no %s", path, pattern)
		}
		return m[1]
	}
	want := read("VERSION", `^([0-9.]+)`)
	for path, pattern := range map[string]string{
		"deploy/base/kustomization.yaml":  `newTag: (\S+)`,
		"deploy/helm/kubebark/Chart.yaml": `(?m)^version: (\S+)`,
	} {
		if got := read(path, pattern); got != want {
			t.Errorf("%s: %s, but VERSION is %s", path, got, want)
		}
	}
	if got := read("deploy/helm/kubebark/Chart.yaml", `(?m)^appVersion: (\S+)`); got != want {
		t.Errorf("the chart's appVersion is %s, but VERSION is %s", got, want)
	}
	for _, name := range []string{"README.md", "README.zh-CN.md", "docs/install.md", "docs/k3s.md"} {
		data, err := os.ReadFile(filepath.Join(root, name))
		must(t, err)
		built := 0
		for _, m := range regexp.MustCompile("make image(?: VERSION=([0-9.]+))?|kubebark/kubebark:([0-9.]+)").FindAllStringSubmatch(string(data), -1) {
			built++
			if got := m[1] + m[2]; got != want {
				t.Errorf("%s: by %q the image is not the one that the manifests name, %s", name, m[0], want)
			}
		}
		if built == 0 {
			t.Errorf("%s does not tell how to build the image", name)
		}
	}
	asked := read("go.mod", `(?m)^go (\d+\.\d+)`)
	if got := read("Dockerfile", `ARG GO_VERSION=(\S+)`); !strings.HasPrefix(got, asked+".") {
		t.Errorf("the image is built by Go %s, but go.mod asks for %s", got, asked)
	}
}
