package testbed

import (
	"context"
	"fmt"
	"net/http"
)

// An etcd is the control plane's store: what stays the same over restarts, and
// the process while there is one.
type etcd struct {
	*Process

	client, peer int // ports
}

func (e *etcd) url() string { return fmt.Sprintf("http://127.0.0.1:%d", e.client) }

// StartEtcd starts etcd, after StopEtcd with the same data on the same ports.
func (cp *ControlPlane) StartEtcd(ctx context.Context) error {
	if cp.etcd != nil {
		p, err := cp.runEtcd(ctx, cp.etcd.client, cp.etcd.peer)
		cp.etcd.Process = p
		return err
	}
	var e etcd
	p, err := onFreePorts(2, func(ports []int) (*Process, error) {
		e.client, e.peer = ports[0], ports[1]
		return cp.runEtcd(ctx, e.client, e.peer)
	})
	if err != nil {
		return err
	}
	e.Process = p
	cp.etcd = &e
	return nil
}

// StopEtcd stops etcd; the API server stays and fails.
func (cp *ControlPlane) StopEtcd() error { return cp.etcd.Stop() }

// KillEtcd ends etcd as a crash does.
func (cp *ControlPlane) KillEtcd() { cp.etcd.Kill() }

func (cp *ControlPlane) runEtcd(ctx context.Context, client, peer int) (*Process, error) {
	if cp.opts.Kine {
		return cp.runKine(ctx, client)
	}
	bin, err := Binary(cp.opts.BinDir, "etcd")
	if err != nil {
		return nil, err
	}
	clientURL, peerURL := fmt.Sprintf("http://127.0.0.1:%d", client), fmt.Sprintf("http://127.0.0.1:%d", peer)
	p, err := Run(Command{Name: "etcd", Path: bin, Dir: cp.opts.Dir, Args: append([]string{
		"--name=default",
		"--data-dir=" + cp.store(),
		"--listen-client-urls=" + clientURL, "--advertise-client-urls=" + clientURL,
		"--listen-peer-urls=" + peerURL, "--initial-advertise-peer-urls=" + peerURL,
		"--initial-cluster=default=" + peerURL,
		"--unsafe-no-fsync", // the data outlive a killed process, which is enough
	}, cp.opts.EtcdArgs...)})
	if err != nil {
		return nil, err
	}
	err = p.waitReady(ctx, http.DefaultClient, clientURL+"/readyz")
	if err == nil { // or else another's etcd has answered
		err = p.WaitLog(ctx, "serving client traffic")
	}
	return p.readyOrKill(err)
}
