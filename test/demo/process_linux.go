package demo

import "syscall"

// groupAttr puts a child into its own process group and has the kernel end it
// should the demo be killed.
func groupAttr() *syscall.SysProcAttr {
	return &syscall.SysProcAttr{Setpgid: true, Pdeathsig: syscall.SIGTERM}
}
