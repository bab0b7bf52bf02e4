package testbed

import (
	"context"
	"fmt"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

// startControllers starts what makes the API's objects true.
func (cp *ControlPlane) startControllers(ctx context.Context) error {
	if cp.opts.ControllerManager {
		args := append(cp.controllerManagerArgs(), cp.opts.ControllerManagerArgs...)
		if err := cp.startController("kube-controller-manager", args); err != nil {
			return err
		}
	}
	if cp.opts.Scheduler {
		args := append(cp.controllerArgs(), cp.opts.SchedulerArgs...)
		if err := cp.startController("kube-scheduler", args); err != nil {
			return err
		}
	}
	if !cp.opts.ControllerManager {
		return nil
	}
	return cp.WaitServiceAccount(ctx, metav1.NamespaceDefault)
}

func (cp *ControlPlane) startController(name string, args []string) error {
	bin, err := Binary(cp.opts.BinDir, name)
	if err != nil {
		return err
	}
	p, err := Run(Command{Name: name, Path: bin, Args: args, Dir: cp.opts.Dir})
	if err != nil {
		return err
	}
	cp.others = append(cp.others, p)
	return nil
}

// controllerArgs are the flags that both take: one of each runs, so that there
// is no leader to be elected, and nobody asks them for anything.
func (cp *ControlPlane) controllerArgs() []string {
	return []string{"--kubeconfig=" + cp.Kubeconfig(Admin), "--leader-elect=false", "--secure-port=0"}
}

func (cp *ControlPlane) controllerManagerArgs() []string {
	args := append(cp.controllerArgs(),
		"--use-service-account-credentials",
		"--root-ca-file="+cp.pki.ca,
		"--service-account-private-key-file="+cp.pki.serviceAccountKey,
	)
	if d := cp.opts.DeadNodeAfter; d > 0 {
		args = append(args, "--node-monitor-grace-period="+d.String(), "--node-monitor-period="+(d/5).String())
	}
	return args
}

// WaitServiceAccount waits until the namespace has its default service
// account, without which no pod can be made in it.
func (cp *ControlPlane) WaitServiceAccount(ctx context.Context, namespace string) error {
	client, err := cp.Client()
	if err != nil {
		return err
	}
	ctx, cancel := context.WithTimeout(ctx, startLimit)
	defer cancel()
	what := fmt.Sprintf("for the service account of namespace %s", namespace)
	return cp.others[0].waitFor(ctx, what, func(ctx context.Context) (bool, error) {
		_, err := client.CoreV1().ServiceAccounts(namespace).Get(ctx, "default", metav1.GetOptions{})
		return err == nil, err
	})
}

// leaseDuration is how long the lease of a node is valid.
func (o *Options) leaseDuration() time.Duration {
	const kubelet = 40 * time.Second // the kubelet's default
	if o.DeadNodeAfter == 0 {
		return kubelet
	}
	return o.DeadNodeAfter
}
