package testbed

import (
	"fmt"
	"os"
	"path/filepath"
)

// store is the directory of what etcd or kine keeps.
func (cp *ControlPlane) store() string { return filepath.Join(cp.opts.Dir, "store") }

// Backup copies what the store has into a directory, which must not exist. The
// store must be stopped.
func (cp *ControlPlane) Backup(dir string) error {
	if err := os.CopyFS(dir, os.DirFS(cp.store())); err != nil {
		return fmt.Errorf("back up the store: %w", err)
	}
	return nil
}

// Restore gives the store again what it had at a [ControlPlane.Backup], versions
// included. The store must be stopped.
func (cp *ControlPlane) Restore(dir string) error {
	err := os.RemoveAll(cp.store())
	if err == nil {
		err = os.CopyFS(cp.store(), os.DirFS(dir))
	}
	if err != nil {
		return fmt.Errorf("restore the store: %w", err)
	}
	return nil
}
