package notify

import (
	"encoding/pem"
	"io"
	"log"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus/testutil"

	"github.com/kubebark/kubebark/internal/conf"
)

// TestWaysIn: an Alertmanager behind TLS that asks who we are gets its alerts,
// by each of the ways of the configuration; a wrong secret or an unknown
// authority gets none through.
func TestWaysIn(t *testing.T) {
	for _, tt := range []struct{ name, yaml, want string }{
		{"bearer", "authorization: {credentials_file: secret}, tls_config: {ca_file: ca}", "bearer"},
		{"basic", "basic_auth: {username: kubebark, password_file: secret}, tls_config: {ca_file: ca}", "basic"},
		{"a wrong secret", "authorization: {credentials_file: wrong}, tls_config: {ca_file: ca}", "refused"},
		{"an unknown authority", "authorization: {credentials_file: secret}", ""},
	} {
		t.Run(tt.name, func(t *testing.T) {
			url, dir, got := guarded(t)
			c := DefaultConfig()
			if err := conf.Parse("c.yml", []byte("alertmanagers: [{url: '"+url+"', "+tt.yaml+"}]"), &c); err != nil {
				t.Fatal(err)
			}
			c.SetDirectory(dir)
			n := start(t, Options{}, c)
			n.Send(alert("a"))
			if tt.want != "" {
				if g := <-got; g != tt.want {
					t.Errorf("came in by %q", g)
				}
				return
			}
			failures(t, n, url)
			if len(got) > 0 {
				t.Errorf("came in by %q", <-got)
			}
		})
	}
}

// guarded is an Alertmanager that asks who comes, and the files that one needs
// to come in.
func guarded(t *testing.T) (url, dir string, got <-chan string) {
	t.Helper()
	ways := make(chan string, 100)
	srv := httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		user, pass, _ := r.BasicAuth()
		switch {
		case r.Header.Get("Authorization") == "Bearer s3cret":
			ways <- "bearer"
		case user == "kubebark" && pass == "s3cret":
			ways <- "basic"
		default:
			w.WriteHeader(http.StatusUnauthorized)
			ways <- "refused"
		}
	}))
	srv.Config.ErrorLog = log.New(io.Discard, "", 0)
	srv.StartTLS()
	t.Cleanup(srv.Close)
	dir = t.TempDir()
	for name, content := range map[string]string{
		"ca":     string(pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: srv.Certificate().Raw})),
		"secret": "s3cret\n",
		"wrong":  "guess\n",
	} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(content), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	return srv.URL, dir, ways
}

// TestTimeout: a request that is not answered is given up in its time, and the
// alert is tried again.
func TestTimeout(t *testing.T) {
	requests := make(chan struct{}, 100)
	srv := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		_, _ = io.Copy(io.Discard, r.Body) // only then is it seen that the client goes
		requests <- struct{}{}
		<-r.Context().Done()
	}))
	t.Cleanup(srv.Close)
	c := configFor(srv.URL)
	c.Alertmanagers[0].Timeout = conf.Duration(50 * time.Millisecond)
	n := start(t, Options{}, c)
	n.Send(alert("a"))
	<-requests
	<-requests
	failures(t, n, srv.URL)
}

// failures waits until a request has failed.
func failures(t *testing.T, n *Notifier, name string) {
	t.Helper()
	for deadline := time.Now().Add(30 * time.Second); testutil.ToFloat64(n.metrics.errors.WithLabelValues(name)) == 0; {
		if time.Now().After(deadline) {
			t.Fatal("no failure is counted")
		}
		time.Sleep(10 * time.Millisecond)
	}
}
