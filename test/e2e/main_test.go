package e2e

import (
	"context"
	"fmt"
	"os"
	"testing"
	"time"

	"github.com/kubebark/kubebark/test/testbed"
)

// cluster is the control plane that all tests share; each has a namespace of
// its own.
var cluster *testbed.ControlPlane

// ports are given once each. What one test's exporter still has to say to an
// Alertmanager that is gone would else reach another test's.
var ports testbed.Ports

func quietPort(t *testing.T) int {
	t.Helper()
	port, err := ports.Quiet()
	if err != nil {
		t.Fatal(err)
	}
	return port
}

func TestMain(m *testing.M) { os.Exit(run(m)) }

func run(m *testing.M) int {
	ctx, cancel := context.WithTimeout(context.Background(), 5*time.Minute)
	defer cancel()
	cp, err := testbed.StartControlPlane(ctx, testbed.Options{ControllerManager: true, Scheduler: true})
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	cluster = cp
	code := m.Run()
	if err := cp.Stop(); err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	return code
}
