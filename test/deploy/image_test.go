package deploy

import (
	"bytes"
	"context"
	"crypto/sha256"
	"debug/elf"
	"encoding/json"
	"flag"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/kubebark/kubebark/test/testbed"
)

var platforms = flag.String("platforms", "linux/amd64", "platforms to build the image for, twice each")

// TestImage builds the image as its Dockerfile says, without an engine, and runs
// it. There is no registry, so the image that it is built from is made here: of
// the Go that runs this test, under the name that the Dockerfile asks for.
func TestImage(t *testing.T) {
	t.Parallel()
	b := newBuilder(t)
	for platform := range strings.SplitSeq(*platforms, ",") {
		t.Run(platform, func(t *testing.T) {
			b.base(t, platform)
			first, second := b.build(t, platform), b.build(t, platform)
			if first != second {
				t.Errorf("built twice it has the digests %s and %s", first, second)
			}
			b.testConfig(t, platform)
			dir := b.mount(t, platform)
			b.testContent(t, platform, dir)
			if platform == runtime.GOOS+"/"+runtime.GOARCH {
				testRun(t, dir)
			}
		})
	}
}

// builder builds images in folders of its own, from a copy of the sources that
// nobody changes meanwhile.
type builder struct {
	store, sources string
	version        string // of Go
}

const imageVersion, imageRevision = "9.8.7", "abc1234"

func newBuilder(t *testing.T) *builder {
	t.Helper()
	if os.Getuid() != 0 || runtime.GOOS != "linux" {
		t.Skip("building an image without an engine needs root on Linux")
	}
	for _, name := range []string{"buildah", "busybox", "unshare", "setpriv"} {
		if _, err := exec.LookPath(name); err != nil {
			t.Skipf("no %s here: make image-tools installs it where it can", name)
		}
	}
	// The build has no registry of modules: all that go.mod names is fetched here.
	download := exec.CommandContext(t.Context(), "go", "mod", "download")
	download.Dir = root
	if out, err := download.CombinedOutput(); err != nil {
		t.Fatalf("%s: %v\n%s", download, err, out)
	}
	b := &builder{store: t.TempDir(), sources: t.TempDir(), version: strings.TrimPrefix(runtime.Version(), "go")}
	for _, f := range []string{"Dockerfile", ".dockerignore", "go.mod", "go.sum"} {
		data, err := os.ReadFile(filepath.Join(root, f))
		must(t, err)
		must(t, os.WriteFile(filepath.Join(b.sources, f), data, 0o644))
	}
	for _, d := range []string{"cmd", "exporter", "alertbridge", "barkreceiver", "internal"} {
		must(t, os.CopyFS(filepath.Join(b.sources, d), os.DirFS(filepath.Join(root, d))))
	}
	return b
}

// base makes what the Dockerfile takes golang for: a shell, and where Go is to
// be; the build mounts it there. Old buildahs look for the platform that they
// build for where they are told $BUILDPLATFORM, so it says that it is of that one.
func (b *builder) base(t *testing.T, platform string) {
	t.Helper()
	_, arch, _ := strings.Cut(platform, "/")
	c := b.buildah(t, "from", "scratch")
	dir := b.buildah(t, "mount", c)
	for _, d := range []string{"bin", "etc/ssl/certs", "usr/local/go", "go", "cache", "tmp"} {
		must(t, os.MkdirAll(filepath.Join(dir, d), 0o755))
	}
	busybox, err := exec.LookPath("busybox")
	must(t, err)
	data, err := os.ReadFile(busybox)
	must(t, err)
	must(t, os.WriteFile(filepath.Join(dir, "bin", "busybox"), data, 0o755))
	for _, name := range []string{"sh", "mkdir", "cp", "find", "touch"} {
		must(t, os.Symlink("busybox", filepath.Join(dir, "bin", name)))
	}
	must(t, os.WriteFile(filepath.Join(dir, "etc", "ssl", "certs", "ca-certificates.crt"), []byte("the authorities' certificates\n"), 0o644))
	b.buildah(t, "config", "--arch="+arch, "--env=PATH=/usr/local/go/bin:/bin", "--env=GOPATH=/go", "--env=GOCACHE=/cache", "--env=GOPROXY=off", "--env=GOTOOLCHAIN=local", c)
	b.buildah(t, "umount", c)
	b.buildah(t, "commit", "--quiet", "--rm", c, "docker.io/library/golang:"+b.version)
}

// tag is a platform's image.
func tag(platform string) string { return "kubebark:" + strings.ReplaceAll(platform, "/", "-") }

// build builds the image and returns its digest.
func (b *builder) build(t *testing.T, platform string) string {
	t.Helper()
	b.buildah(
		t, "build", "--isolation=chroot", "--pull=never", "--platform="+platform, "--timestamp=1700000000",
		"--build-arg=GO_VERSION="+b.version, "--build-arg=VERSION="+imageVersion, "--build-arg=REVISION="+imageRevision,
		"--volume="+goenv(t, "GOROOT")+":/usr/local/go:ro", "--volume="+goenv(t, "GOMODCACHE")+":/go/pkg/mod", "--volume="+goenv(t, "GOCACHE")+":/cache",
		"--tag="+tag(platform), b.sources)
	return b.buildah(t, "inspect", "--type=image", "--format={{.FromImageDigest}}", tag(platform))
}

func goenv(t *testing.T, name string) string {
	t.Helper()
	out, err := exec.CommandContext(t.Context(), "go", "env", name).Output()
	must(t, err)
	return strings.TrimSpace(string(out))
}

// testConfig: what a runtime is told.
func (b *builder) testConfig(t *testing.T, platform string) {
	t.Helper()
	var image struct {
		OCIv1 struct {
			Architecture string
			Config       struct {
				User         string
				Entrypoint   []string
				ExposedPorts map[string]any
				Labels       map[string]string
			}
		}
	}
	must(t, json.Unmarshal([]byte(b.buildah(t, "inspect", "--type=image", tag(platform))), &image))
	c := image.OCIv1.Config
	if c.User != "65532:65532" || !slices.Equal(c.Entrypoint, []string{"/kube-event-exporter"}) || len(c.ExposedPorts) != 2 {
		t.Errorf("configuration %+v", c)
	}
	if got := "linux/" + image.OCIv1.Architecture; got != platform {
		t.Errorf("it is for %s", got)
	}
	for label, want := range map[string]string{"version": imageVersion, "revision": imageRevision, "licenses": "Apache-2.0", "title": "kubebark"} {
		if got := c.Labels["org.opencontainers.image."+label]; got != want {
			t.Errorf("the label %s is %q, want %q", label, got, want)
		}
	}
}

// mount returns the folder with the image's files, as a container of it has
// them.
func (b *builder) mount(t *testing.T, platform string) string {
	t.Helper()
	return b.buildah(t, "mount", b.buildah(t, "from", "--pull-never", "--platform="+platform, tag(platform)))
}

// testContent: the image has the programs as a release has them, and what they
// need, and nothing else.
func (b *builder) testContent(t *testing.T, platform, dir string) {
	t.Helper()
	var got []string
	var size int64
	must(t, filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		info, err := d.Info()
		if err != nil {
			return err
		}
		size += info.Size()
		got = append(got, strings.TrimPrefix(path, dir))
		return nil
	}))
	want := []string{"/alertmanager-bark", "/etc/ssl/certs/ca-certificates.crt", "/kube-event-exporter", "/usr/local/go/lib/time/zoneinfo.zip"}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("-want +got:\n%s", diff)
	}
	t.Logf("the image's files have %.1f MiB", float64(size)/(1<<20))
	if platform == "linux/amd64" {
		isAsDocumented(t, size)
	}
	machine := map[string]elf.Machine{"linux/amd64": elf.EM_X86_64, "linux/arm64": elf.EM_AARCH64}[platform]
	for _, name := range []string{"kube-event-exporter", "alertmanager-bark"} {
		f, err := elf.Open(filepath.Join(dir, name))
		must(t, err)
		if f.Machine != machine {
			t.Errorf("%s is for %s", name, f.Machine)
		}
		must(t, f.Close())
		if sum(t, filepath.Join(dir, name)) != sum(t, b.released(t, platform, name)) {
			t.Errorf("%s is not as make build and make release build it", name)
		}
	}
}

// released builds a program of the same sources outside of the image, by
// make's flags.
func (b *builder) released(t *testing.T, platform, name string) string {
	t.Helper()
	goos, goarch, _ := strings.Cut(platform, "/")
	to := filepath.Join(t.TempDir(), name)
	const pkg = "github.com/prometheus/common/version"
	cmd := exec.CommandContext(t.Context(), "go", "build", "-tags", "timberjack_nozstd", "-trimpath", "-buildvcs=false", "-o", to,
		"-ldflags", "-s -w -X "+pkg+".Version="+imageVersion+" -X "+pkg+".Revision="+imageRevision, "./cmd/"+name)
	cmd.Dir = b.sources
	cmd.Env = append(os.Environ(), "CGO_ENABLED=0", "GOOS="+goos, "GOARCH="+goarch)
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("build %s: %v\n%s", name, err, out)
	}
	return to
}

func sum(t *testing.T, path string) [sha256.Size]byte {
	t.Helper()
	data, err := os.ReadFile(path)
	must(t, err)
	return sha256.Sum256(data)
}

func (b *builder) buildah(t *testing.T, args ...string) string {
	t.Helper()
	args = append([]string{"--root=" + b.store + "/root", "--runroot=" + b.store + "/run", "--storage-driver=vfs"}, args...)
	cmd := exec.CommandContext(t.Context(), "buildah", args...)
	var out, stderr bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &stderr
	if err := cmd.Run(); err != nil {
		t.Fatalf("buildah %v: %v\n%s\n%s", args, err, out.String(), stderr.String())
	}
	return strings.TrimSpace(out.String())
}

// testRun runs both programs as a pod of the manifests does: as another user
// without privileges, on a root that cannot be written to.
func testRun(t *testing.T, dir string) {
	must(t, os.MkdirAll(filepath.Join(dir, "config"), 0o755)) // a mount point, as a kubelet makes one
	write := func(name, content string) {
		must(t, os.WriteFile(filepath.Join(dir, "config", name), []byte(content), 0o644))
	}
	write("key", "KeyKeyKeyKeyKeyKeyKey1\n")
	write("receiver.yml", "timezone: Asia/Shanghai\nreceivers: [{name: oncall, devices: [{name: a, key_file: key}]}]\n")
	inside := func(ctx context.Context, args ...string) *exec.Cmd {
		const script = `mount --bind "$0" "$0" && mount -o remount,bind,ro "$0" && cd "$0" &&
			exec setpriv --no-new-privs chroot --userspec=65532:65532 "$0" "$@"`
		return exec.CommandContext(ctx, "unshare", append([]string{"--mount", "sh", "-c", script, dir}, args...)...)
	}
	for _, args := range [][]string{
		{"/kube-event-exporter", "--version"},
		{"/alertmanager-bark", "--version"},
		{"/alertmanager-bark", "check-config", "/config/receiver.yml"}, // which needs the time zones
	} {
		out, err := inside(t.Context(), args...).CombinedOutput()
		if err != nil || args[1] == "--version" && !strings.Contains(string(out), imageVersion) {
			t.Errorf("%v: %v\n%s", args, err, out)
		}
	}
	port, err := testbed.FreePort()
	must(t, err)
	cmd := inside(t.Context(), "/kube-event-exporter", fmt.Sprintf("--web.listen-address=127.0.0.1:%d", port), "--replay.file=-")
	p, err := testbed.Run(testbed.Command{Name: "image", Path: cmd.Path, Args: cmd.Args[1:], Dir: t.TempDir()})
	must(t, err)
	testbed.Attach(t, p)
	r := &pod{Process: p, t: t, url: fmt.Sprintf("http://127.0.0.1:%d", port)}
	r.eventually("it serves", func() (bool, error) {
		if !p.Running() {
			t.Fatal("it has ended")
		}
		code, _, err := r.get("/-/healthy")
		return code == 200, err
	})
	status, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", p.Pid()))
	must(t, err)
	for _, want := range []string{"Uid:\t65532\t65532\t65532\t65532", "CapEff:\t0000000000000000", "NoNewPrivs:\t1"} {
		if !strings.Contains(string(status), want) {
			t.Errorf("no %q in its status:\n%s", want, status)
		}
	}
	mounts, err := os.ReadFile(fmt.Sprintf("/proc/%d/mountinfo", p.Pid()))
	must(t, err)
	if !strings.Contains(string(mounts), " / ro,") {
		t.Errorf("its root may be written to:\n%s", mounts)
	}
}
