package chaos

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"fmt"
	"math/big"
	"syscall"
	"time"

	"github.com/kubebark/kubebark/test/testbed"
)

// rotate gives a part a new token, certificate or key.
func (w *world) rotate(ctx context.Context, f fault) error {
	switch f.Kind {
	case oldToken:
		return w.rotateToken(ctx, f)
	case hookToken:
		return w.rotateHookToken(ctx, f)
	case hookCert:
		serial, err := w.hook.authority.issue(w.hook.serverFile())
		if err == nil {
			err = serves(ctx, hostOf(w.receiver.url), w.hook.authority.Pool(), serial)
		}
		w.lines["hook"].Cut() // so that all see the new one
		return err
	case apiCert:
		serial, err := w.cp.RotateCertificate()
		if err == nil {
			err = serves(ctx, hostOf(w.cp.URL()), nil, serial)
		}
		w.lines["api-a"].Cut()
		w.lines["api-b"].Cut()
		return err
	case phoneKeys:
		return w.rotateKeys(ctx)
	}
	return fmt.Errorf("no such fault: %q", f.Kind)
}

// serves waits until a server shows the certificate with a serial number.
func serves(ctx context.Context, address string, pool *x509.CertPool, serial *big.Int) error {
	d := &tls.Dialer{Config: &tls.Config{RootCAs: pool, InsecureSkipVerify: pool == nil, MinVersion: tls.VersionTLS12}} //nolint:gosec // only the number is looked at
	return testbed.Poll(ctx, "for the new certificate of "+address, func(ctx context.Context) (bool, error) {
		ctx, cancel := context.WithTimeout(ctx, 5*time.Second)
		defer cancel()
		c, err := d.DialContext(ctx, "tcp", address)
		if err != nil {
			return false, err
		}
		defer c.Close()
		return c.(*tls.Conn).ConnectionState().PeerCertificates[0].SerialNumber.Cmp(serial) == 0, nil
	})
}

// rotateToken has the API server refuse an exporter's token. The watch that is
// open lives on, so it is cut. A new token comes later.
func (w *world) rotateToken(ctx context.Context, f fault) error {
	i := 0
	if f.On == w.exporters[1].name {
		i = 1
	}
	if err := w.expire(ctx, w.ids[i]); err != nil {
		return err
	}
	w.lines[[]string{"api-a", "api-b"}[i]].Cut()
	pause(ctx, f.For)
	if err := w.renew(ctx, w.ids[i]); err != nil {
		return err
	}
	return w.exporters[i].well(ctx)
}

// rotateHookToken gives the receiver a new token, and Alertmanager the same
// later.
func (w *world) rotateHookToken(ctx context.Context, f fault) error {
	token := w.secrets.make("a token of the webhook", 40)
	err := w.reload(ctx, func() error { return replace(w.hook.receiverToken(), []byte(token)) })
	if err != nil {
		return err
	}
	pause(ctx, f.For)
	return replace(w.hook.senderToken(), []byte(token))
}

// rotateKeys gives everybody's phone a new device key and a new encryption key.
// The old ones are refused once the receiver has the new ones.
func (w *world) rotateKeys(ctx context.Context) error {
	if err := w.reload(ctx, w.newKeys); err != nil {
		return err
	}
	w.revoke()
	return nil
}

// reload changes the receiver's files and has it take them up.
func (w *world) reload(ctx context.Context, change func() error) error {
	const loaded = "alertmanager_bark_config_last_reload_success_timestamp_seconds"
	if err := change(); err != nil {
		return err
	}
	since := float64(time.Now().UnixMilli()) / 1000
	if err := w.receiver.signal(syscall.SIGHUP); err != nil {
		return err
	}
	return testbed.Poll(ctx, "until the receiver has loaded its files anew", func(ctx context.Context) (bool, error) {
		at, err := w.receiver.metric(ctx, loaded)
		return at > since, err
	})
}
