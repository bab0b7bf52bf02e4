package receiver

import (
	"bytes"
	"crypto/tls"
	"crypto/x509"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/kubebark/kubebark/test/phone"
)

const onePhone = `
bark: {server_url: BARK}
receivers: [{name: oncall, devices: [{name: ada, key_file: ada}]}]
`

// TestBearer: the receiver takes messages from a real Alertmanager that brings
// its token, and from nobody else.
func TestBearer(t *testing.T) {
	t.Parallel()
	d := newDesk(t)
	d.file("token", "0123456789abcdef0123456789abcdef\n")
	d.start(onePhone + "webhook: {bearer_token_file: token}\n")
	code, text, err := call(d.ctx, http.MethodPost, d.url+"/webhook", group("Stranger"))
	if err != nil || code != http.StatusUnauthorized || !strings.Contains(text, "bearer_token_file") {
		t.Errorf("without a token: %d %q %v", code, text, err)
	}
	am := d.alertmanager(with(d.url, "authorization: {credentials_file: '"+filepath.Join(d.dir, "token")+"'}"))
	d.fire([]string{am}, down("DiskFull", "cart"))
	s := d.shows(d.ada, "the push", func(s phone.State) bool { return s.Sounds > 0 })
	if len(s.Notifications) != 1 {
		t.Errorf("the phone shows %+v", s.Notifications)
	}
}

// with routes all to a webhook with an HTTP client's configuration.
func with(receiver, http string) string {
	return strings.Replace(routing(receiver+"/webhook"), "/webhook'}", "/webhook', http_config: {"+http+"}}", 1)
}

// TestCertificateAndPassword: the same with client certificates and basic auth
// over TLS.
func TestCertificateAndPassword(t *testing.T) {
	t.Parallel()
	d := newDesk(t)
	ca := d.newAuthority("ca")
	d.certificate("server", ca)
	d.certificate("client", ca)
	d.certificate("stranger", d.newAuthority("other"))
	web := d.file("web.yml", `
tls_server_config: {cert_file: server.pem, key_file: server.key, client_ca_file: ca.pem, client_auth_type: RequireAndVerifyClientCert}
basic_auth_users: {alertmanager: $2a$04$rXnw64sflc5.v6DN0Idel.SjA/SqWaK5lAPH/hIYiOrx/3jZcsode}
`)
	d.tls = "client"
	d.start(onePhone, "--web.config.file="+web)

	for _, tt := range []struct {
		name, certificate, password string
		code                        int
	}{
		{"another's certificate", "stranger", password, 0},
		{"no certificate", "", password, 0},
		{"a wrong password", "client", "wrong", http.StatusUnauthorized},
		{"both", "client", password, http.StatusOK},
	} {
		if code := d.knock(tt.certificate, tt.password); code != tt.code {
			t.Errorf("%s: %d, want %d", tt.name, code, tt.code)
		}
	}
	am := d.alertmanager(with(d.url, strings.ReplaceAll(`
  basic_auth: {username: alertmanager, password: a password of the test},
  tls_config: {ca_file: DIR/ca.pem, cert_file: DIR/client.pem, key_file: DIR/client.key}`, "DIR", d.dir)))
	d.fire([]string{am}, down("DiskFull", "cart"))
	d.shows(d.ada, "the push", func(s phone.State) bool { _, ok := about(s, "DiskFull"); return ok })
}

const password = "a password of the test"

// knock sends a message over TLS and returns the answer's status, 0 if there
// is none.
func (d *desk) knock(certificate, password string) int {
	d.t.Helper()
	c := d.client(certificate)
	defer c.CloseIdleConnections()
	req, err := http.NewRequestWithContext(d.ctx, http.MethodPost, d.url+"/webhook", bytes.NewReader([]byte(group("Knock"))))
	d.must(err)
	req.SetBasicAuth("alertmanager", password)
	resp, err := c.Do(req)
	if err != nil {
		return 0
	}
	resp.Body.Close()
	return resp.StatusCode
}

// client speaks TLS, with a certificate unless it has no name.
func (d *desk) client(certificate string) *http.Client {
	d.t.Helper()
	pool, err := os.ReadFile(filepath.Join(d.dir, "ca.pem"))
	d.must(err)
	conf := &tls.Config{RootCAs: x509.NewCertPool()}
	if !conf.RootCAs.AppendCertsFromPEM(pool) {
		d.t.Fatal("ca.pem has no certificate")
	}
	if certificate != "" {
		pair, err := tls.LoadX509KeyPair(filepath.Join(d.dir, certificate+".pem"), filepath.Join(d.dir, certificate+".key"))
		d.must(err)
		conf.Certificates = []tls.Certificate{pair}
	}
	return &http.Client{Transport: &http.Transport{TLSClientConfig: conf}}
}
