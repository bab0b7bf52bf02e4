package testbed

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"fmt"
	"math/big"
	"net"
	"os"
	"path/filepath"
	"time"
)

// A pki is what a control plane proves itself with: files, and the pool with
// the one authority.
type pki struct {
	ca                string // certificate of the authority
	cert, key         string // the API server's
	serviceAccountKey string
	pool              *x509.CertPool

	authority *x509.Certificate
	caKey     *ecdsa.PrivateKey
	serial    int64 // of the API server's certificate
}

// newPKI makes an authority, a certificate for the API server on loopback and
// a key for service accounts' tokens, all in dir.
func newPKI(dir string) (*pki, error) {
	p := &pki{
		ca:                filepath.Join(dir, "ca.crt"),
		cert:              filepath.Join(dir, "apiserver.crt"),
		key:               filepath.Join(dir, "apiserver.key"),
		serviceAccountKey: filepath.Join(dir, "service-account.key"),
		pool:              x509.NewCertPool(),
	}
	authority := template(1, "kubebark testbed")
	authority.IsCA, authority.BasicConstraintsValid = true, true
	authority.KeyUsage = x509.KeyUsageCertSign
	caKey, err := newKey()
	if err != nil {
		return nil, err
	}
	if p.authority, err = p.sign(p.ca, authority, authority, caKey, caKey); err != nil {
		return nil, err
	}
	p.caKey, p.serial = caKey, 1
	p.pool.AddCert(p.authority)
	if err := p.issue(); err != nil {
		return nil, err
	}
	accountKey, err := newKey()
	if err != nil {
		return nil, err
	}
	return p, writeKey(p.serviceAccountKey, accountKey)
}

// issue makes a new key and certificate for the API server.
func (p *pki) issue() error {
	p.serial++
	server := template(p.serial, "kube-apiserver")
	server.IPAddresses = []net.IP{net.IPv4(127, 0, 0, 1)}
	server.DNSNames = []string{"localhost", "kubernetes.default.svc"}
	server.ExtKeyUsage = []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth}
	key, err := newKey()
	if err != nil {
		return err
	}
	if _, err := p.sign(p.cert, server, p.authority, key, p.caKey); err != nil {
		return err
	}
	return writeKey(p.key, key)
}

// RotateCertificate gives the API server a new key and certificate of the same
// authority, which it takes up by itself within a minute or so, and returns the
// certificate's serial number.
func (cp *ControlPlane) RotateCertificate() (serial *big.Int, err error) {
	if err := cp.pki.issue(); err != nil {
		return nil, fmt.Errorf("rotate certificate: %w", err)
	}
	return big.NewInt(cp.pki.serial), nil
}

// sign writes a certificate for key that the parent's key signs.
func (p *pki) sign(path string, cert, parent *x509.Certificate, key, signer *ecdsa.PrivateKey) (*x509.Certificate, error) {
	der, err := x509.CreateCertificate(rand.Reader, cert, parent, key.Public(), signer)
	if err != nil {
		return nil, fmt.Errorf("make certificate: %w", err)
	}
	if err := writePEM(path, "CERTIFICATE", der); err != nil {
		return nil, err
	}
	signed, err := x509.ParseCertificate(der)
	if err != nil {
		return nil, fmt.Errorf("make certificate: %w", err)
	}
	return signed, nil
}

func template(serial int64, name string) *x509.Certificate {
	now := time.Now()
	return &x509.Certificate{
		SerialNumber: big.NewInt(serial),
		Subject:      pkix.Name{CommonName: name},
		NotBefore:    now.Add(-time.Hour),
		NotAfter:     now.Add(30 * 24 * time.Hour),
	}
}

func newKey() (*ecdsa.PrivateKey, error) {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return nil, fmt.Errorf("make key: %w", err)
	}
	return key, nil
}

func writeKey(path string, key *ecdsa.PrivateKey) error {
	der, err := x509.MarshalECPrivateKey(key)
	if err != nil {
		return fmt.Errorf("write key: %w", err)
	}
	return writePEM(path, "EC PRIVATE KEY", der)
}

func writePEM(path, kind string, der []byte) error {
	if err := os.WriteFile(path, pem.EncodeToMemory(&pem.Block{Type: kind, Bytes: der}), 0o600); err != nil {
		return fmt.Errorf("write %s: %w", kind, err)
	}
	return nil
}
