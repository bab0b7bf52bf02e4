package testbed

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
)

// target names the make target that builds each program.
func target(name string) string {
	switch name {
	case "alertmanager", "amtool":
		return "parts-demo"
	case "etcd", "kube-apiserver", "kube-controller-manager", "kube-scheduler", "hollow-kubelet":
		return "parts-cluster"
	case "prometheus", "promtool", "otelcol", "grafana11":
		return "parts-test"
	default:
		return "build"
	}
}

// Binary returns the path of one of the real parts' programs, which are in dir
// or, where that is empty, in $KUBEBARK_BIN or else the repository's
// .cache/bin.
func Binary(dir, name string) (string, error) {
	if dir == "" {
		dir = os.Getenv("KUBEBARK_BIN")
	}
	if dir == "" {
		root, err := repository()
		if err != nil {
			return "", err
		}
		dir = filepath.Join(root, ".cache", "bin")
	}
	path, err := filepath.Abs(filepath.Join(dir, name))
	if err != nil {
		return "", fmt.Errorf("find %s: %w", name, err)
	}
	if _, err := exec.LookPath(path); errors.Is(err, fs.ErrNotExist) {
		return "", fmt.Errorf("%s is not built: run `make %s` (looked for %s; $KUBEBARK_BIN names another directory)", name, target(name), path)
	} else if err != nil {
		return "", fmt.Errorf("find %s: %w", name, err)
	}
	return path, nil
}

// repository returns the root of the checkout that the working directory is in.
func repository() (string, error) {
	dir, err := os.Getwd()
	if err != nil {
		return "", fmt.Errorf("find the repository: %w", err)
	}
	for d := dir; ; d = filepath.Dir(d) {
		if _, err := os.Stat(filepath.Join(d, "test", "parts", "parts.mk")); err == nil {
			return d, nil
		}
		if d == filepath.Dir(d) {
			return "", fmt.Errorf("find the repository: %s is not in one; set $KUBEBARK_BIN", dir)
		}
	}
}
