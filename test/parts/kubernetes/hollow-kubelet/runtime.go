package main

import (
	"context"
	"crypto/rand"
	"encoding/hex"
	"os"
	"slices"
	"strings"
	"time"

	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
	runtimeapi "k8s.io/cri-api/pkg/apis/runtime/v1"
	"k8s.io/cri-api/pkg/apis/testing"
)

// exitAfter is how long a container that fails runs.
const exitAfter = time.Second

// A runtime is a container runtime in memory, some of whose containers exit.
type runtime struct {
	*testing.FakeRuntimeService

	noNetwork string // the file that breaks the network while it is there
}

func newRuntime(noNetwork string) *runtime {
	testing.FakePodSandboxIPs = []string{"127.0.0.1"} // probes must not leave the machine
	fake := testing.NewFakeRuntimeService()
	fake.FakeStatus = &runtimeapi.RuntimeStatus{Conditions: []*runtimeapi.RuntimeCondition{
		{Type: runtimeapi.RuntimeReady, Status: true},
		{Type: runtimeapi.NetworkReady, Status: true},
	}}
	return &runtime{FakeRuntimeService: fake, noNetwork: noNetwork}
}

// RunPodSandbox makes a sandbox unless the pod's name says that it fails or the
// node has no network.
func (r *runtime) RunPodSandbox(ctx context.Context, config *runtimeapi.PodSandboxConfig, handler string) (string, error) {
	if strings.HasPrefix(config.GetMetadata().GetName(), "no-sandbox") {
		return "", status.Error(codes.Unknown, `failed to setup network for sandbox: plugin type="bridge" failed (add): no free addresses in range`)
	}
	if _, err := os.Stat(r.noNetwork); err == nil {
		// Each try has another ID, as containerd gives it.
		return "", status.Errorf(codes.Unknown, "failed to setup network for sandbox %q: plugin type=\"bridge\" failed (add): "+
			"failed to allocate for range 0: no IP addresses available in range set: 10.88.0.1-10.88.0.254", sandboxID())
	}
	return r.FakeRuntimeService.RunPodSandbox(ctx, config, handler)
}

// sandboxID returns a new ID in containerd's form.
func sandboxID() string {
	var b [32]byte
	_, _ = rand.Read(b[:]) // never fails
	return hex.EncodeToString(b[:])
}

// StartContainer starts a container and sees to it that one whose image says
// so comes to its end.
func (r *runtime) StartContainer(ctx context.Context, id string) error {
	if err := r.FakeRuntimeService.StartContainer(ctx, id); err != nil {
		return err
	}
	r.Lock()
	defer r.Unlock()
	switch image := r.Containers[id].Image.GetUserSpecifiedImage(); {
	case hasPart(image, "crash"):
		time.AfterFunc(exitAfter, func() { r.exit(id, 1, "Error") })
	case hasPart(image, "oom"):
		time.AfterFunc(exitAfter, func() { r.exit(id, 137, "OOMKilled") })
	}
	return nil
}

// exit ends a container if it still runs.
func (r *runtime) exit(id string, code int32, reason string) {
	r.Lock()
	defer r.Unlock()
	c, ok := r.Containers[id]
	if !ok || c.State != runtimeapi.ContainerState_CONTAINER_RUNNING {
		return
	}
	c.State = runtimeapi.ContainerState_CONTAINER_EXITED
	c.FinishedAt = time.Now().UnixNano()
	c.ExitCode, c.Reason = code, reason
}

// hasPart tells whether the image's repository has the path part.
func hasPart(image, part string) bool {
	parts := strings.Split(image, "/")
	return slices.Contains(parts[:len(parts)-1], part)
}
