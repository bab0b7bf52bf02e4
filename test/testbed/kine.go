package testbed

import (
	"context"
	"fmt"
	"net"
	"os"
	"path/filepath"
)

// runKine runs k3s' storage where etcd would be. It has no second port.
func (cp *ControlPlane) runKine(ctx context.Context, client int) (*Process, error) {
	bin, err := Binary(cp.opts.BinDir, "kine")
	if err != nil {
		return nil, err
	}
	if err := os.MkdirAll(cp.store(), 0o700); err != nil {
		return nil, fmt.Errorf("make the store's directory: %w", err)
	}
	p, err := Run(Command{Name: "kine", Path: bin, Dir: cp.opts.Dir, Args: append([]string{
		fmt.Sprintf("-listen-address=127.0.0.1:%d", client),
		"-data=" + filepath.Join(cp.store(), "kine.db"),
	}, cp.opts.EtcdArgs...)})
	if err != nil {
		return nil, err
	}
	err = p.WaitLog(ctx, "kine listens on")
	if err == nil { // which it has also written before a restart
		err = p.waitFor(ctx, "until it listens", func(ctx context.Context) (bool, error) {
			c, err := new(net.Dialer).DialContext(ctx, "tcp", fmt.Sprintf("127.0.0.1:%d", client))
			if err != nil {
				return false, err
			}
			return true, c.Close()
		})
	}
	return p.readyOrKill(err)
}
