package testbed

import (
	"crypto/x509"
	"errors"
	"fmt"
	"math/big"
	"os"
	"path/filepath"
)

// A pki is what a control plane proves itself with: files, and the pool with
// the one authority.
type pki struct {
	ca                string // certificate of the authority
	cert, key         string // the API server's
	serviceAccountKey string
	pool              *x509.CertPool

	authority *Authority
}

// newPKI makes an authority, a certificate for the API server on loopback and
// a key for service accounts' tokens, all in dir.
func newPKI(dir string) (*pki, error) {
	p := &pki{
		ca:                filepath.Join(dir, "ca.crt"),
		cert:              filepath.Join(dir, "apiserver.crt"),
		key:               filepath.Join(dir, "apiserver.key"),
		serviceAccountKey: filepath.Join(dir, "service-account.key"),
	}
	var err error
	if p.authority, err = NewAuthority("kubebark testbed"); err != nil {
		return nil, err
	}
	p.pool = p.authority.Pool()
	if _, err := p.issue(); err != nil {
		return nil, err
	}
	accounts, err := newKey()
	if err != nil {
		return nil, err
	}
	text, err := keyPEM(accounts)
	if err != nil {
		return nil, err
	}
	return p, errors.Join(write(p.ca, p.authority.PEM()), write(p.serviceAccountKey, text))
}

// issue makes a new key and certificate for the API server.
func (p *pki) issue() (serial *big.Int, err error) {
	c, err := p.authority.Issue("kube-apiserver", "localhost", "kubernetes.default.svc")
	if err != nil {
		return nil, err
	}
	return c.Serial, errors.Join(write(p.cert, c.Cert), write(p.key, c.Key))
}

// RotateCertificate gives the API server a new key and certificate of the same
// authority, which it takes up by itself within a minute or so, and returns the
// certificate's serial number.
func (cp *ControlPlane) RotateCertificate() (serial *big.Int, err error) {
	if serial, err = cp.pki.issue(); err != nil {
		return nil, fmt.Errorf("rotate certificate: %w", err)
	}
	return serial, nil
}

func write(path string, text []byte) error {
	if err := os.WriteFile(path, text, 0o600); err != nil {
		return fmt.Errorf("write %s: %w", path, err)
	}
	return nil
}
