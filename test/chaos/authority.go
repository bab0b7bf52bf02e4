package chaos

import (
	"fmt"
	"math/big"
	"os"
	"path/filepath"

	"github.com/kubebark/kubebark/test/testbed"
)

// An authority signs the certificate that the receiver serves Alertmanager with.
type authority struct {
	*testbed.Authority

	file string // its own certificate
}

func newAuthority(dir string) (*authority, error) {
	signer, err := testbed.NewAuthority("chaos")
	if err != nil {
		return nil, err
	}
	a := &authority{Authority: signer, file: filepath.Join(dir, "ca.pem")}
	return a, replace(a.file, a.PEM())
}

// issue writes a new key and its certificate into one file, so that none is ever
// there without the other.
func (a *authority) issue(path string) (serial *big.Int, err error) {
	c, err := a.Issue("receiver")
	if err != nil {
		return nil, err
	}
	return c.Serial, replace(path, append(c.Cert, c.Key...))
}

// replace puts a file in the place of another in one step, as a kubelet does.
func replace(path string, text []byte) error {
	next := path + ".next"
	if err := os.WriteFile(next, text, 0o600); err != nil {
		return fmt.Errorf("write %s: %w", path, err)
	}
	if err := os.Rename(next, path); err != nil {
		return fmt.Errorf("write %s: %w", path, err)
	}
	return nil
}
