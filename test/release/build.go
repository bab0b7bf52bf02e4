package main

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
)

const versionPackage = "github.com/prometheus/common/version"

// platform builds the programs for a platform, and writes the archive and the
// lists of what is in them.
func (r *release) platform(goos, goarch string) error {
	dir, err := os.MkdirTemp("", "kubebark-release-")
	if err != nil {
		return fmt.Errorf("make a folder to build in: %w", err)
	}
	defer os.RemoveAll(dir)
	for _, p := range programs() {
		if err := r.build(goos, goarch, p, filepath.Join(dir, p)); err != nil {
			return err
		}
	}
	name := fmt.Sprintf("kubebark-%s.%s-%s", r.version, goos, goarch)
	var files []file
	for _, p := range programs() {
		binary, err := os.ReadFile(filepath.Join(dir, p))
		if err != nil {
			return fmt.Errorf("read what was built: %w", err)
		}
		files = append(files, file{name: name + "/" + p, data: binary, program: true})
		if err := r.bill(filepath.Join(dir, p), p, name, binary); err != nil {
			return err
		}
	}
	for _, f := range []string{"LICENSE", "README.md", "CHANGELOG.md"} {
		text, err := os.ReadFile(filepath.Join(r.root, f))
		if err != nil {
			return fmt.Errorf("read what belongs to an archive: %w", err)
		}
		files = append(files, file{name: name + "/" + f, data: text})
	}
	return r.archive(name+".tar.gz", files)
}

// build builds a program as make build does.
func (r *release) build(goos, goarch, program, to string) error {
	ldflags := fmt.Sprintf("-s -w -X %s.Version=%s -X %s.Revision=%s", versionPackage, r.version, versionPackage, r.revision)
	cmd := exec.Command("go", "build", "-tags", "timberjack_nozstd", "-trimpath", "-buildvcs=false", "-ldflags", ldflags, "-o", to, "./cmd/"+program) //nolint:gosec,noctx // it ends with this
	cmd.Dir = r.root
	cmd.Env = append(os.Environ(), "CGO_ENABLED=0", "GOWORK=off", "GOOS="+goos, "GOARCH="+goarch)
	if out, err := cmd.CombinedOutput(); err != nil {
		return fmt.Errorf("build %s for %s/%s: %w\n%s", program, goos, goarch, err, out)
	}
	return nil
}

// checksums writes those of all files, as sha256sum checks them.
func (r *release) checksums() error {
	const name = "sha256sums.txt"
	entries, err := os.ReadDir(r.out)
	if err != nil {
		return fmt.Errorf("list the release: %w", err)
	}
	var lines []string
	for _, e := range entries {
		if e.Name() == name || !strings.Contains(e.Name(), r.version) {
			continue
		}
		data, err := os.ReadFile(filepath.Join(r.out, e.Name()))
		if err != nil {
			return fmt.Errorf("make checksums: %w", err)
		}
		sum := sha256.Sum256(data)
		lines = append(lines, hex.EncodeToString(sum[:])+"  "+e.Name()+"\n")
	}
	slices.SortFunc(lines, func(a, b string) int { return strings.Compare(a[64:], b[64:]) })
	return r.write(name, []byte(strings.Join(lines, "")))
}

func (r *release) write(name string, data []byte) error {
	if err := os.WriteFile(filepath.Join(r.out, name), data, 0o644); err != nil { //nolint:gosec // to be published
		return fmt.Errorf("write %s: %w", name, err)
	}
	return nil
}
