package main

import (
	"archive/tar"
	"bytes"
	"compress/gzip"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
)

// file is one of an archive.
type file struct {
	name    string
	data    []byte
	program bool
}

// archive writes a compressed tar archive, with nothing in it of the machine
// that it is made on.
func (r *release) archive(name string, files []file) error {
	slices.SortFunc(files, func(a, b file) int { return strings.Compare(a.name, b.name) })
	var buf bytes.Buffer
	gz := gzip.NewWriter(&buf)
	gz.ModTime = r.time
	w := tar.NewWriter(gz)
	for _, f := range files {
		mode := int64(0o644)
		if f.program {
			mode = 0o755
		}
		err := w.WriteHeader(&tar.Header{Name: f.name, Mode: mode, Size: int64(len(f.data)), ModTime: r.time, Typeflag: tar.TypeReg, Format: tar.FormatUSTAR})
		if err == nil {
			_, err = w.Write(f.data)
		}
		if err != nil {
			return fmt.Errorf("put %s into %s: %w", f.name, name, err)
		}
	}
	if err := w.Close(); err != nil {
		return fmt.Errorf("make %s: %w", name, err)
	}
	if err := gz.Close(); err != nil {
		return fmt.Errorf("make %s: %w", name, err)
	}
	return r.write(name, buf.Bytes())
}

// chart writes the Helm chart, as helm package does.
func (r *release) chart() error {
	files, err := r.tree("deploy/helm/kubebark", "kubebark", nil)
	if err != nil {
		return err
	}
	version := regexp.MustCompile(`(?m)^(version|appVersion): .*$`)
	for i := range files {
		if files[i].name == "kubebark/Chart.yaml" {
			files[i].data = version.ReplaceAll(files[i].data, []byte("${1}: "+r.version))
		}
	}
	return r.archive(fmt.Sprintf("kubebark-chart-%s.tgz", r.version), files)
}

// manifests writes what kubectl apply -k takes, and the rules and dashboards.
func (r *release) manifests() error {
	top := "kubebark-manifests-" + r.version
	files, err := r.tree("deploy", top+"/deploy", func(path string) bool { return path == "helm" })
	if err != nil {
		return err
	}
	mixin, err := r.tree("mixin", top+"/mixin", nil)
	if err != nil {
		return err
	}
	tag := regexp.MustCompile(`(?m)^(\s+newTag): .*$`)
	for i := range files {
		if files[i].name == top+"/deploy/base/kustomization.yaml" {
			files[i].data = tag.ReplaceAll(files[i].data, []byte("${1}: "+r.version))
		}
	}
	return r.archive(top+".tar.gz", append(files, mixin...))
}

// tree reads the files below a folder of the checkout, and follows links. skip
// tells which folders are left out.
func (r *release) tree(from, to string, skip func(path string) bool) ([]file, error) {
	root, err := filepath.EvalSymlinks(filepath.Join(r.root, from))
	if err != nil {
		return nil, fmt.Errorf("read %s: %w", from, err)
	}
	var files []file
	err = filepath.WalkDir(root, func(path string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		rel, err := filepath.Rel(root, path)
		if err != nil {
			return err
		}
		if d.IsDir() {
			if skip != nil && skip(filepath.ToSlash(rel)) {
				return filepath.SkipDir
			}
			return nil
		}
		name := to + "/" + filepath.ToSlash(rel)
		if info, err := os.Stat(path); err != nil {
			return err
		} else if info.IsDir() { // a link to one
			linked, err := r.tree(filepath.Join(from, rel), name, skip)
			files = append(files, linked...)
			return err
		}
		data, err := os.ReadFile(path) //nolint:gosec // our own tree, whose links are meant to be followed
		files = append(files, file{name: name, data: data})
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("read %s: %w", from, err)
	}
	return files, nil
}
