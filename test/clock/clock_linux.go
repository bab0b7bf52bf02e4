package clock

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"sync"
	"sync/atomic"
	"syscall"
	"time"
	"unsafe"

	"golang.org/x/sys/unix"

	"github.com/kubebark/kubebark/test/testbed"
)

// Clock is a wall clock. The zero value is not ready, see [New].
type Clock struct {
	offset   atomic.Int64
	listener *net.UnixListener
	stop     chan struct{}
	serving  sync.WaitGroup
}

// New returns a clock that is right. Its socket is in the directory.
func New(dir, name string) (*Clock, error) {
	l, err := net.ListenUnix("unix", &net.UnixAddr{Name: filepath.Join(dir, name+".clock"), Net: "unix"})
	if err != nil {
		return nil, fmt.Errorf("make a clock: %w", err)
	}
	c := &Clock{listener: l, stop: make(chan struct{})}
	c.serving.Go(c.accept)
	if err := c.try(); err != nil {
		c.Close()
		return nil, err
	}
	return c, nil
}

// try runs a program that does nothing.
func (c *Clock) try() error {
	path, err := exec.LookPath("true")
	if err != nil {
		return fmt.Errorf("try a clock: %w", err)
	}
	command, err := c.Command(testbed.Command{Path: path})
	if err != nil {
		return err
	}
	cmd := exec.Command(command.Path) //nolint:gosec,noctx // the test's own
	cmd.Env = append(os.Environ(), command.Env...)
	if out, err := cmd.CombinedOutput(); err != nil {
		return fmt.Errorf("%w: %w\n%s", ErrUnsupported, err, out)
	}
	return nil
}

// Step makes the clock be ahead of the machine's by so much, or behind.
func (c *Clock) Step(ahead time.Duration) { c.offset.Store(int64(ahead)) }

// Close ends the clock; programs that go by it must have ended.
func (c *Clock) Close() {
	close(c.stop)
	_ = c.listener.Close()
	c.serving.Wait()
}

// Patch makes a program in Go ask the kernel for the time.
func Patch(path string) error {
	data, err := os.ReadFile(path)
	if err != nil {
		return fmt.Errorf("patch program: %w", err)
	}
	// Under this name Go's runtime looks for what reads the time from memory; where
	// it is not found, it makes the system call.
	name, none := []byte("__vdso_clock_gettime"), []byte("__vdso_clock_gotnone")
	if !bytes.Contains(data, name) {
		return fmt.Errorf("patch program: %s is not written in Go, or for another system", path)
	}
	info, err := os.Stat(path)
	if err == nil {
		err = os.WriteFile(path, bytes.ReplaceAll(data, name, none), info.Mode())
	}
	if err != nil {
		return fmt.Errorf("patch program: %w", err)
	}
	return nil
}

func (c *Clock) socket() string { return c.listener.Addr().String() }

// accept takes the kernel's questions of each program that starts.
func (c *Clock) accept() {
	for {
		conn, err := c.listener.AcceptUnix()
		if err != nil {
			return
		}
		if fd, err := receive(conn); err == nil {
			c.serving.Go(func() { c.serve(fd) })
			_, _ = conn.Write([]byte{1}) // it may go on
		}
		_ = conn.Close()
	}
}

func receive(conn *net.UnixConn) (int, error) {
	b, oob := make([]byte, 1), make([]byte, unix.CmsgSpace(4))
	_, n, _, _, err := conn.ReadMsgUnix(b, oob)
	if err != nil {
		return 0, err
	}
	messages, err := unix.ParseSocketControlMessage(oob[:n])
	if err != nil || len(messages) != 1 {
		return 0, fmt.Errorf("%d messages: %w", len(messages), err)
	}
	fds, err := unix.ParseUnixRights(&messages[0])
	if err != nil || len(fds) != 1 {
		return 0, fmt.Errorf("%d files: %w", len(fds), err)
	}
	return fds[0], nil
}

// What the kernel asks and is answered, struct seccomp_notif and _resp.
type (
	question struct {
		id         uint64
		pid, flags uint32
		nr         int32
		arch       uint32
		ip         uint64
		args       [6]uint64
	}
	answer struct {
		id    uint64
		val   int64
		err   int32
		flags uint32
	}
)

// ioctl's numbers, from linux/seccomp.h.
const (
	notifRecv    = 0xc0502100
	notifSend    = 0xc0182101
	continueFlag = 1 // the kernel is to answer itself
)

// serve answers until the program has ended.
func (c *Clock) serve(fd int) {
	defer unix.Close(fd)
	for {
		poll := []unix.PollFd{{Fd: int32(fd), Events: unix.POLLIN}} //nolint:gosec // files' numbers are small
		n, err := unix.Poll(poll, 200)
		select {
		case <-c.stop:
			return
		default:
		}
		switch {
		case err != nil && err != unix.EINTR, n > 0 && poll[0].Revents&unix.POLLIN == 0:
			return
		case n <= 0:
			continue
		}
		var q question
		if ioctl(fd, notifRecv, unsafe.Pointer(&q)) != nil { //nolint:gosec // as the kernel has it
			continue // whoever asked is gone
		}
		a := answer{id: q.id}
		if tell(q.pid, q.args[1], time.Now().Add(time.Duration(c.offset.Load()))) != nil {
			a.flags = continueFlag
		}
		_ = ioctl(fd, notifSend, unsafe.Pointer(&a)) //nolint:gosec // likewise
	}
}

func ioctl(fd int, request uintptr, arg unsafe.Pointer) error {
	if _, _, e := unix.Syscall(unix.SYS_IOCTL, uintptr(fd), request, uintptr(arg)); e != 0 {
		return e
	}
	return nil
}

// tell writes the time into a program's memory, as a struct timespec.
func tell(pid uint32, at uint64, t time.Time) error {
	mem, err := os.OpenFile(fmt.Sprintf("/proc/%d/mem", pid), os.O_WRONLY, 0)
	if err != nil {
		return err
	}
	defer mem.Close()
	b := binary.NativeEndian.AppendUint64(nil, uint64(t.Unix()))    //nolint:gosec // after 1970
	b = binary.NativeEndian.AppendUint64(b, uint64(t.Nanosecond())) //nolint:gosec // likewise
	_, err = mem.WriteAt(b, int64(at))                              //nolint:gosec // addresses of programs are positive
	return err
}

// become turns this process into the program, whose questions for the wall clock's
// time go to whoever listens on the socket.
func become(socket, program string, args, env []string) error {
	runtime.LockOSThread() // the filter is the thread's, and so that of what it becomes
	if err := unix.Prctl(unix.PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0); err != nil {
		return fmt.Errorf("give up privileges: %w", err)
	}
	// if nr == clock_gettime && args[0] == CLOCK_REALTIME, ask; else go on
	filter := []unix.SockFilter{
		{Code: unix.BPF_LD | unix.BPF_W | unix.BPF_ABS, K: 0},
		{Code: unix.BPF_JMP | unix.BPF_JEQ | unix.BPF_K, K: unix.SYS_CLOCK_GETTIME, Jt: 0, Jf: 3},
		{Code: unix.BPF_LD | unix.BPF_W | unix.BPF_ABS, K: 16},
		{Code: unix.BPF_JMP | unix.BPF_JEQ | unix.BPF_K, K: unix.CLOCK_REALTIME, Jt: 0, Jf: 1},
		{Code: unix.BPF_RET | unix.BPF_K, K: unix.SECCOMP_RET_USER_NOTIF},
		{Code: unix.BPF_RET | unix.BPF_K, K: unix.SECCOMP_RET_ALLOW},
	}
	prog := unix.SockFprog{Len: uint16(len(filter)), Filter: &filter[0]} //nolint:gosec // six
	fd, _, e := unix.Syscall(unix.SYS_SECCOMP, unix.SECCOMP_SET_MODE_FILTER,
		unix.SECCOMP_FILTER_FLAG_NEW_LISTENER|unix.SECCOMP_FILTER_FLAG_WAIT_KILLABLE_RECV, uintptr(unsafe.Pointer(&prog))) //nolint:gosec // as the kernel has it
	if e != 0 {
		return fmt.Errorf("have the kernel ask for the time: %w", e)
	}
	conn, err := net.DialUnix("unix", nil, &net.UnixAddr{Name: socket, Net: "unix"})
	if err != nil {
		return fmt.Errorf("reach the clock: %w", err)
	}
	if _, _, err := conn.WriteMsgUnix([]byte{1}, unix.UnixRights(int(fd)), nil); err != nil {
		return fmt.Errorf("reach the clock: %w", err)
	}
	if _, err := conn.Read(make([]byte, 1)); err != nil {
		return fmt.Errorf("the clock does not answer: %w", err)
	}
	if err := syscall.Exec(program, args, env); err != nil { //nolint:gosec // a test's to choose
		return fmt.Errorf("run %s: %w", program, err)
	}
	return nil
}
