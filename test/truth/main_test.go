package truth

import (
	"testing"

	"github.com/kubebark/kubebark/internal/leaktest"
)

func TestMain(m *testing.M) {
	// Transports of client-go and net/http are the process's.
	leaktest.Main(m, "net/http.(*persistConn)")
}
