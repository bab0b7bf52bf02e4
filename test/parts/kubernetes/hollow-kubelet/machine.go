package main

import (
	"context"

	"github.com/google/cadvisor/lib/model"
	"k8s.io/apimachinery/pkg/util/uuid"
	"k8s.io/klog/v2"
	"k8s.io/kubernetes/pkg/kubelet/cadvisor/testing"
)

const (
	memory = 16 << 30
	disk   = 100 << 30
)

// A machine gives the figures of the node. Unlike the fake that it stands on
// it has disks of a size, without which the kubelet warns of them, and a boot
// id, so that a node whose kubelet comes back is seen to have been rebooted.
type machine struct {
	testing.Fake

	cores  int
	bootID string
}

func newMachine(node string, cores int) *machine {
	return &machine{Fake: testing.Fake{NodeName: node}, cores: cores, bootID: string(uuid.NewUUID())}
}

// MachineInfo returns the node's size.
func (m *machine) MachineInfo(logger klog.Logger) (*model.MachineInfo, error) {
	info, err := m.Fake.MachineInfo(logger)
	if err != nil {
		return nil, err
	}
	info.NumCores, info.MemoryCapacity, info.BootID = m.cores, memory, m.bootID
	return info, nil
}

// ImagesFsInfo returns the figures of the disk with the images.
func (m *machine) ImagesFsInfo(context.Context) (model.FsInfo, error) { return diskInfo(), nil }

// RootFsInfo returns the figures of the root disk.
func (m *machine) RootFsInfo() (model.FsInfo, error) { return diskInfo(), nil }

// ContainerFsInfo returns the figures of the disk with the containers.
func (m *machine) ContainerFsInfo(context.Context) (model.FsInfo, error) { return diskInfo(), nil }

// GetDirFsInfo returns the figures of the disk that a directory is on.
func (m *machine) GetDirFsInfo(string) (model.FsInfo, error) { return diskInfo(), nil }

func diskInfo() model.FsInfo {
	inodes, free := uint64(1<<24), uint64(1<<23)
	return model.FsInfo{Device: "/dev/hollow", Capacity: disk, Available: disk / 2, Usage: disk / 2, Inodes: &inodes, InodesFree: &free}
}
