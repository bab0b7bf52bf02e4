package testbed

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"sync"
	"time"
)

// Options says what a control plane consists of. The zero value is etcd and
// kube-apiserver in a temporary directory.
type Options struct {
	Dir    string // for data and logs; empty: a temporary one that Stop removes
	BinDir string // where the programs are; see [Binary]

	EventTTL          time.Duration // how long the API server keeps events; 0: its own hour
	Kine              bool          // k3s' storage in the place of etcd: kine on SQLite
	ControllerManager bool          // run kube-controller-manager
	Scheduler         bool          // run kube-scheduler

	// DeadNodeAfter is how long a node may be silent before it is held dead,
	// and then its pods are evicted after as long again; 0: as Kubernetes has
	// it, 50 s and 5 min. Some 10 s are the least.
	DeadNodeAfter time.Duration

	// Users are those that the API server knows by a token of theirs, each
	// with its groups, besides [Admin] and [Nobody].
	Users map[string][]string

	EtcdArgs              []string // further flags of each; etcd's are kine's where that is in its place
	APIServerArgs         []string
	ControllerManagerArgs []string
	SchedulerArgs         []string
}

// Users that each control plane knows.
const (
	Admin  = "admin"  // may do all
	Nobody = "nobody" // is known and may do nothing
)

// A ControlPlane is a Kubernetes control plane on loopback. Its methods are
// not safe for concurrent use.
type ControlPlane struct {
	opts    Options
	tempDir bool // opts.Dir is ours to remove
	pki     *pki
	users   []user
	etcd    *etcd
	api     *apiServer
	once    sync.Once
	stopped error
	others  []*Process // kube-controller-manager, kube-scheduler
	nodes   []*Kubelet
}

// StartControlPlane starts a control plane and returns it when its API server
// is ready (and, with a controller manager, when the namespace default has its
// service account, without which no pod can be made). ctx limits the start
// alone; Stop ends it.
func StartControlPlane(ctx context.Context, opts Options) (*ControlPlane, error) {
	cp := &ControlPlane{opts: opts}
	if err := cp.start(ctx); err != nil {
		return nil, errors.Join(fmt.Errorf("start control plane: %w", err), cp.Stop())
	}
	return cp, nil
}

func (cp *ControlPlane) start(ctx context.Context) error {
	dir, temp, err := workDir(cp.opts.Dir, "control-plane-")
	if err != nil {
		return err
	}
	cp.opts.Dir, cp.tempDir = dir, temp
	if cp.pki, err = newPKI(dir); err != nil {
		return err
	}
	if cp.users, err = newUsers(dir, cp.opts.Users); err != nil {
		return err
	}
	if err := cp.StartEtcd(ctx); err != nil {
		return err
	}
	if err := cp.StartAPIServer(ctx); err != nil {
		return err
	}
	for _, u := range cp.users {
		if err := cp.writeKubeconfig(cp.Kubeconfig(u.name), u.token); err != nil {
			return err
		}
	}
	return cp.startControllers(ctx)
}

// Dir returns the directory with the control plane's data and logs.
func (cp *ControlPlane) Dir() string { return cp.opts.Dir }

// Processes returns all processes that the control plane consists of, nodes
// included.
func (cp *ControlPlane) Processes() []*Process {
	var ps []*Process
	for _, k := range cp.nodes {
		ps = append(ps, k.Process)
	}
	ps = append(ps, cp.others...)
	if cp.api != nil && cp.api.Process != nil {
		ps = append(ps, cp.api.Process)
	}
	if cp.etcd != nil && cp.etcd.Process != nil {
		ps = append(ps, cp.etcd.Process)
	}
	return ps
}

// Stop ends all processes and removes the directory if it is a temporary one.
// Only the first call does something; the others return what that returned.
func (cp *ControlPlane) Stop() error {
	cp.once.Do(func() {
		ps := cp.Processes()
		// Kubelets know no graceful end worth waiting for, and nothing on
		// disk outlives them: neither has to be waited for.
		for _, k := range cp.nodes {
			k.Kill()
		}
		cp.stopped = stopAll(slices.DeleteFunc(ps, func(p *Process) bool { return !p.Running() }))
		if cp.tempDir {
			cp.stopped = errors.Join(cp.stopped, os.RemoveAll(cp.opts.Dir))
		}
	})
	return cp.stopped
}

// stopAll stops processes one after the other: those that come first need the
// later ones.
func stopAll(ps []*Process) error {
	var errs []error
	for _, p := range ps {
		errs = append(errs, p.Stop())
	}
	return errors.Join(errs...)
}

// workDir returns dir, made if needed, as an absolute path, or a new
// temporary directory if it is empty.
func workDir(dir, pattern string) (path string, temporary bool, err error) {
	if dir == "" {
		dir, err = os.MkdirTemp("", "kubebark-"+pattern)
		if err != nil {
			return "", false, fmt.Errorf("make directory: %w", err)
		}
		return dir, true, nil
	}
	if dir, err = filepath.Abs(dir); err != nil {
		return "", false, fmt.Errorf("make directory: %w", err)
	}
	if err := os.MkdirAll(dir, 0o750); err != nil {
		return "", false, fmt.Errorf("make directory: %w", err)
	}
	return dir, false, nil
}
