package testbed

import (
	"context"
	"crypto/tls"
	"fmt"
	"net/http"
	"path/filepath"

	"k8s.io/client-go/rest"
)

// An apiServer is the control plane's kube-apiserver: what stays the same over
// restarts, and the process while there is one.
type apiServer struct {
	*Process

	port int
}

// URL returns the API server's address.
func (cp *ControlPlane) URL() string { return fmt.Sprintf("https://127.0.0.1:%d", cp.api.port) }

// StartAPIServer starts the API server, after StopAPIServer on the same port.
func (cp *ControlPlane) StartAPIServer(ctx context.Context) error {
	if cp.api != nil {
		p, err := cp.runAPIServer(ctx, cp.api.port)
		cp.api.Process = p
		return err
	}
	var api apiServer
	p, err := onFreePorts(1, func(ports []int) (*Process, error) {
		api.port = ports[0]
		return cp.runAPIServer(ctx, api.port)
	})
	if err != nil {
		return err
	}
	api.Process = p
	cp.api = &api
	return nil
}

// StopAPIServer stops the API server as a rolling update does: it ends its
// watches and goes.
func (cp *ControlPlane) StopAPIServer() error { return cp.api.Stop() }

// KillAPIServer ends the API server as a crash does.
func (cp *ControlPlane) KillAPIServer() { cp.api.Kill() }

func (cp *ControlPlane) runAPIServer(ctx context.Context, port int) (*Process, error) {
	bin, err := Binary(cp.opts.BinDir, "kube-apiserver")
	if err != nil {
		return nil, err
	}
	p, err := Run(Command{Name: "kube-apiserver", Path: bin, Dir: cp.opts.Dir, Args: cp.apiServerArgs(port)})
	if err != nil {
		return nil, err
	}
	client := &http.Client{Transport: &http.Transport{TLSClientConfig: &tls.Config{RootCAs: cp.pki.pool, MinVersion: tls.VersionTLS12}}}
	defer client.CloseIdleConnections()
	return p.readyOrKill(p.waitReady(ctx, client, fmt.Sprintf("https://127.0.0.1:%d/readyz", port)))
}

func (cp *ControlPlane) apiServerArgs(port int) []string {
	args := []string{
		"--etcd-servers=" + cp.etcd.url(),
		"--bind-address=127.0.0.1", "--advertise-address=127.0.0.1", fmt.Sprintf("--secure-port=%d", port),
		"--endpoint-reconciler-type=none",
		"--cert-dir=" + filepath.Join(cp.opts.Dir, "apiserver"),
		"--tls-cert-file=" + cp.pki.cert, "--tls-private-key-file=" + cp.pki.key,
		"--token-auth-file=" + filepath.Join(cp.opts.Dir, tokensFile),
		"--authorization-mode=RBAC",
		"--shutdown-watch-termination-grace-period=1s", // or else it waits a minute for watches to end
		"--service-cluster-ip-range=10.0.0.0/24",
		"--service-account-issuer=https://kubernetes.default.svc",
		"--service-account-key-file=" + cp.pki.serviceAccountKey,
		"--service-account-signing-key-file=" + cp.pki.serviceAccountKey,
	}
	if cp.opts.EventTTL > 0 {
		args = append(args, "--event-ttl="+cp.opts.EventTTL.String())
	}
	if d := cp.opts.DeadNodeAfter; d > 0 {
		secs := int(d.Seconds())
		args = append(args,
			fmt.Sprintf("--default-not-ready-toleration-seconds=%d", secs),
			fmt.Sprintf("--default-unreachable-toleration-seconds=%d", secs))
	}
	return append(args, cp.opts.APIServerArgs...)
}

// Config returns how to reach the API server as [Admin], without a limit on
// the client's side.
func (cp *ControlPlane) Config() *rest.Config {
	return &rest.Config{
		Host:            cp.URL(),
		BearerToken:     cp.token(Admin),
		TLSClientConfig: rest.TLSClientConfig{CAFile: cp.pki.ca},
		QPS:             -1,
	}
}
