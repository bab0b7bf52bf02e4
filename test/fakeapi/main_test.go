package fakeapi

import (
	"testing"

	"github.com/kubebark/kubebark/internal/leaktest"
)

func TestMain(m *testing.M) {
	// Transports of client-go are cached for the process.
	leaktest.Main(m, "net/http.(*persistConn)")
}
