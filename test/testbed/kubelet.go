package testbed

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"time"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

// A Kubelet is a node without containers, by its process; see the command
// hollow-kubelet for what images and names do there. Kill makes a dead node of
// it.
type Kubelet struct {
	*Process

	cp   *ControlPlane
	name string
}

// StartKubelet starts a kubelet and returns it when its node is ready. Flags
// may be added. The control plane's Stop ends it.
func (cp *ControlPlane) StartKubelet(ctx context.Context, name string, flags ...string) (*Kubelet, error) {
	k := &Kubelet{cp: cp, name: name}
	if err := k.Start(ctx, flags...); err != nil {
		return nil, err
	}
	cp.nodes = append(cp.nodes, k)
	return k, nil
}

// SetNetwork gives or takes new pods on the node the network.
func (k *Kubelet) SetNetwork(works bool) error {
	path := filepath.Join(k.cp.opts.Dir, k.name, "no-network")
	if works {
		if err := os.Remove(path); err != nil {
			return fmt.Errorf("mend the network of %s: %w", k.name, err)
		}
		return nil
	}
	if err := os.WriteFile(path, nil, 0o600); err != nil {
		return fmt.Errorf("break the network of %s: %w", k.name, err)
	}
	return nil
}

// Start starts a kubelet that was killed again, and waits until its node is
// ready.
func (k *Kubelet) Start(ctx context.Context, flags ...string) error {
	bin, err := Binary(k.cp.opts.BinDir, "hollow-kubelet")
	if err != nil {
		return err
	}
	root := filepath.Join(k.cp.opts.Dir, k.name)
	if err := os.MkdirAll(root, 0o750); err != nil {
		return fmt.Errorf("start kubelet %s: %w", k.name, err)
	}
	started := time.Now().Truncate(time.Second) // as exact as the node's conditions are
	p, err := Run(Command{Name: "kubelet-" + k.name, Path: bin, Dir: k.cp.opts.Dir, Args: append([]string{
		"--kubeconfig=" + k.cp.Kubeconfig(Admin),
		"--node-name=" + k.name,
		"--root-dir=" + root,
		"--lease-duration=" + k.cp.opts.leaseDuration().String(),
	}, flags...)})
	if err != nil {
		return err
	}
	k.Process = p
	_, err = p.readyOrKill(k.waitReady(ctx, started))
	return err
}

// waitReady waits until the node has said since then that it is ready: the
// word of a kubelet that was killed stands until someone takes it back.
func (k *Kubelet) waitReady(ctx context.Context, since time.Time) error {
	client, err := k.cp.Client()
	if err != nil {
		return err
	}
	ctx, cancel := context.WithTimeout(ctx, startLimit)
	defer cancel()
	return k.waitFor(ctx, "until node "+k.name+" is ready", func(ctx context.Context) (bool, error) {
		node, err := client.CoreV1().Nodes().Get(ctx, k.name, metav1.GetOptions{})
		if err != nil {
			return false, err
		}
		for _, c := range node.Status.Conditions {
			if c.Type == corev1.NodeReady && c.Status == corev1.ConditionTrue && !c.LastHeartbeatTime.Time.Before(since) {
				return true, nil
			}
		}
		return false, fmt.Errorf("node's conditions: %v", node.Status.Conditions)
	})
}
