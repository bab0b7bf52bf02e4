package testbed

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
)

// Backup copies what the store has into a directory, which must not exist. The
// store must be stopped.
func (cp *ControlPlane) Backup(dir string) error {
	if err := copyStore(dir, cp.opts.Dir); err != nil {
		return fmt.Errorf("back up the store: %w", err)
	}
	return nil
}

// Restore gives the store again what it had at a [ControlPlane.Backup], versions
// included. The store must be stopped.
func (cp *ControlPlane) Restore(dir string) error {
	now, err := storeFiles(cp.opts.Dir)
	for _, path := range now {
		err = errors.Join(err, os.RemoveAll(path))
	}
	if err == nil {
		err = copyStore(cp.opts.Dir, dir)
	}
	if err != nil {
		return fmt.Errorf("restore the store: %w", err)
	}
	return nil
}

// storeFiles are etcd's directory, or kine's database and what lies beside it.
func storeFiles(dir string) ([]string, error) {
	etcd, err := filepath.Glob(filepath.Join(dir, "etcd"))
	if err != nil {
		return nil, err
	}
	kine, err := filepath.Glob(filepath.Join(dir, "kine.db*"))
	return append(etcd, kine...), err
}

func copyStore(to, from string) error {
	paths, err := storeFiles(from)
	if err == nil && len(paths) == 0 {
		err = fmt.Errorf("no store in %s", from)
	}
	if err == nil {
		err = os.MkdirAll(to, 0o700)
	}
	for _, path := range paths {
		if err != nil {
			return err
		}
		err = copyPath(filepath.Join(to, filepath.Base(path)), path)
	}
	return err
}

func copyPath(to, from string) error {
	info, err := os.Stat(from)
	if err != nil {
		return err
	}
	if info.IsDir() {
		return os.CopyFS(to, os.DirFS(from))
	}
	data, err := os.ReadFile(from)
	if err != nil {
		return err
	}
	return os.WriteFile(to, data, 0o600)
}
