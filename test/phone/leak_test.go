package phone_test

import (
	"net/http"
	"testing"

	"go.uber.org/goleak"
)

func TestMain(m *testing.M) {
	goleak.VerifyTestMain(closer{m})
}

// closer lets the tests' own client give up its idle connections first.
type closer struct{ m *testing.M }

func (c closer) Run() int {
	code := c.m.Run()
	http.DefaultTransport.(*http.Transport).CloseIdleConnections()
	return code
}
