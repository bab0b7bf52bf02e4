package main

import (
	"context"
	"time"

	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
	runtimeapi "k8s.io/cri-api/pkg/apis/runtime/v1"
	"k8s.io/cri-api/pkg/apis/testing"
)

// imageSize is what each image claims to weigh.
const imageSize = 42 << 20

// An images is an image service in memory that lacks some images.
type images struct {
	*testing.FakeImageService
}

func newImages() *images {
	fake := testing.NewFakeImageService()
	fake.SetFakeImageSize(imageSize)
	// Without figures of its disk the kubelet warns that it cannot tidy it.
	usage := []*runtimeapi.FilesystemUsage{{
		Timestamp:  time.Now().UnixNano(),
		FsId:       &runtimeapi.FilesystemIdentifier{Mountpoint: "/var/lib/containers"},
		UsedBytes:  &runtimeapi.UInt64Value{Value: disk / 2},
		InodesUsed: &runtimeapi.UInt64Value{Value: 1 << 20},
	}}
	fake.SetFakeFilesystemUsage(usage)
	fake.SetFakeContainerFilesystemUsage(usage)
	return &images{FakeImageService: fake}
}

// PullImage pulls an image, or fails in containerd's words.
func (s *images) PullImage(ctx context.Context, image *runtimeapi.ImageSpec, auth *runtimeapi.AuthConfig, pod *runtimeapi.PodSandboxConfig) (string, error) {
	if hasPart(image.GetImage(), "unpullable") {
		return "", status.Errorf(codes.NotFound, "failed to pull and unpack image %q: failed to resolve reference %q: %s: not found",
			image.GetImage(), image.GetImage(), image.GetImage())
	}
	return s.FakeImageService.PullImage(ctx, image, auth, pod)
}
