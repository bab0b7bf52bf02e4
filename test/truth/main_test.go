package truth

import (
	"testing"

	"go.uber.org/goleak"
)

func TestMain(m *testing.M) {
	// Transports of client-go and net/http are the process's.
	goleak.VerifyTestMain(m, goleak.IgnoreAnyFunction("net/http.(*persistConn).readLoop"), goleak.IgnoreAnyFunction("net/http.(*persistConn).writeLoop"))
}
