package phone_test

import (
	"testing"

	"github.com/kubebark/kubebark/internal/leaktest"
)

func TestMain(m *testing.M) { leaktest.Main(m) }
