package deploy

import (
	"context"
	"flag"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
	"time"

	"github.com/kubebark/kubebark/test/testbed"
)

// root is the checkout.
const root = "../.."

var update = flag.Bool("update", false, "write what is generated anew")

// cluster is the API server that all tests share, with the Prometheus
// operator's resources. Nothing runs in it: no controller, no node.
var cluster *testbed.ControlPlane

func TestMain(m *testing.M) {
	flag.Parse()
	os.Exit(run(m))
}

func run(m *testing.M) int {
	if *update {
		return m.Run() // what is written needs no cluster
	}
	ctx, cancel := context.WithTimeout(context.Background(), 5*time.Minute)
	defer cancel()
	cp, err := testbed.StartControlPlane(ctx, testbed.Options{})
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	cluster = cp
	code := 1
	if err := prepare(ctx); err != nil {
		fmt.Fprintln(os.Stderr, err)
	} else {
		code = m.Run()
	}
	if err := cp.Stop(); err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	return code
}

// prepare makes what an administrator has before: the operator's resources and
// the namespaces that the manifests speak of.
func prepare(ctx context.Context) error {
	path, err := testbed.Binary("", "kubectl")
	if err != nil {
		return err
	}
	crds := filepath.Join(filepath.Dir(path), "crds")
	for _, args := range [][]string{
		{"apply", "--server-side", "-f", crds},
		{"wait", "--for=condition=Established", "crd", "--all", "--timeout=60s"},
		{"create", "namespace", "monitoring"},
		{"create", "namespace", "shop"},
		{"create", "namespace", "search"},
		{"apply", "-f", filepath.Join(root, "deploy", "base", "namespace.yaml")},
	} {
		cmd, err := kubectlCommand(ctx, args...)
		if err != nil {
			return err
		}
		if out, err := cmd.CombinedOutput(); err != nil {
			return fmt.Errorf("kubectl %v: %w\n%s", args, err, out)
		}
	}
	return nil
}

// kubectlCommand is kubectl as the administrator runs it.
func kubectlCommand(ctx context.Context, args ...string) (*exec.Cmd, error) {
	path, err := testbed.Binary("", "kubectl")
	if err != nil {
		return nil, err
	}
	cmd := exec.CommandContext(ctx, path, args...)
	cmd.Env = append(os.Environ(), "KUBECACHEDIR="+os.TempDir())
	if cluster != nil {
		cmd.Env = append(cmd.Env,
			"KUBECONFIG="+cluster.Kubeconfig(testbed.Admin),
			"KUBECACHEDIR="+filepath.Join(cluster.Dir(), "kubectl"))
	}
	return cmd, nil
}
