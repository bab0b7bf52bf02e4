package testbed

import "syscall"

// ownGroup has the kernel end the process should its parent be killed.
func ownGroup() *syscall.SysProcAttr {
	return &syscall.SysProcAttr{Setpgid: true, Pdeathsig: syscall.SIGKILL}
}
