//go:build !linux

package demo

import "syscall"

// groupAttr puts a child into its own process group.
func groupAttr() *syscall.SysProcAttr {
	return &syscall.SysProcAttr{Setpgid: true}
}
