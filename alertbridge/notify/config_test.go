package notify

import (
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/kubebark/kubebark/internal/conf"
)

func TestConfig(t *testing.T) {
	c := DefaultConfig()
	err := conf.Parse("c.yml", []byte(`
alertmanagers:
- url: http://alertmanager:9093
- url: dnssrv+https://_http._tcp.alertmanager.example/prefix/
  timeout: 3s
  basic_auth: {username: x, password_file: secret}
  tls_config: {ca_file: ca.crt}
  follow_redirects: false
`), &c)
	if err != nil {
		t.Fatal(err)
	}
	c.SetDirectory("/etc/kubebark")
	a, b := c.Alertmanagers[0], c.Alertmanagers[1]
	if a.Timeout != conf.Duration(10*time.Second) || !a.HTTPClientConfig.FollowRedirects || !a.HTTPClientConfig.EnableHTTP2 {
		t.Errorf("the defaults are not set: %+v", a)
	}
	if b.Timeout != conf.Duration(3*time.Second) || b.HTTPClientConfig.FollowRedirects ||
		b.HTTPClientConfig.BasicAuth.PasswordFile != "/etc/kubebark/secret" || b.HTTPClientConfig.TLSConfig.CAFile != "/etc/kubebark/ca.crt" {
		t.Errorf("not read: %+v", b)
	}
	if c.ResendInterval != conf.Duration(time.Minute) || c.QueueCapacity != 10000 {
		t.Errorf("the defaults are not set: %+v", c)
	}
}

func TestConfigFaults(t *testing.T) {
	const password = "s3cr3t"
	for _, tt := range []struct{ name, in, want string }{
		{"unknown key", "alertmanagers:\n- url: http://a\n  time: 5s", `c.yml:3: unknown key "time"`},
		{"unknown nested key", "alertmanagers:\n- url: http://a\n  basic_auth: {user: x}", `c.yml:3: unknown key "user"`},
		{"no URL", "alertmanagers:\n- timeout: 5s", `c.yml:2: alertmanagers.0.url: want http://host:port`},
		{"no scheme", "alertmanagers:\n- url: alertmanager:9093", `c.yml:2: alertmanagers.0.url: want http://host:port`},
		{"other scheme", "alertmanagers:\n- url: dns+ftp://a", `c.yml:2: alertmanagers.0.url: want http://host:port`},
		{"bad URL", "alertmanagers:\n- url: http://u:" + password + "@[::1", `c.yml:2: alertmanagers.0.url: not a URL`},
		{"query", "alertmanagers:\n- url: http://a/?b=c", `c.yml:2: alertmanagers.0.url: must not have a query`},
		{"whole path", "alertmanagers:\n- url: http://a/api/v2/alerts", `c.yml:2: alertmanagers.0.url: give the address without`},
		{"port of SRV", "alertmanagers:\n- url: dnssrv+http://a:9093", `c.yml:2: alertmanagers.0.url: an SRV record gives the port`},
		{"two users", "alertmanagers:\n- url: http://u:" + password + "@a\n  basic_auth: {username: x}", `c.yml:2: alertmanagers.0.url: has a user although`},
		{"same URL", "alertmanagers:\n- url: http://a\n- url: http://a", `c.yml:3: alertmanagers.1.url: alertmanagers.0 has this URL already`},
		{"timeout", "alertmanagers:\n- url: http://a\n  timeout: 0s", `c.yml:3: alertmanagers.0.timeout: must be longer than 0`},
		{"two ways in", "alertmanagers:\n- url: http://a\n  basic_auth: {username: x}\n  authorization: {credentials: y}", `c.yml:2: alertmanagers.0: at most one of basic_auth`},
		{"interval", "resend_interval: 0s", `c.yml:1: resend_interval: must be longer than 0`},
		{"capacity", "queue_capacity: 0", `c.yml:1: queue_capacity: must be at least 1`},
	} {
		t.Run(tt.name, func(t *testing.T) {
			c := DefaultConfig()
			err := conf.Parse("c.yml", []byte(tt.in), &c)
			if err == nil || !strings.HasPrefix(err.Error(), tt.want) {
				t.Errorf("got  %v\nwant %s…", err, tt.want)
			}
			if err != nil && strings.Contains(err.Error(), password) {
				t.Errorf("the password is in the error: %v", err)
			}
		})
	}
}

func alert(name string) Alert {
	ls := map[string]string{"alertname": name}
	return Alert{Fingerprint: FingerprintOf(ls), Labels: ls, Annotations: map[string]string{}}
}

func state(name, text string) Alert {
	a := alert(name)
	a.Annotations = map[string]string{"state": text}
	return a
}

func names(as []Alert) string {
	var s []string
	for _, a := range as {
		s = append(s, strings.TrimSuffix(a.Labels["alertname"]+":"+a.Annotations["state"], ":"))
	}
	return strings.Join(s, " ")
}

func TestQueue(t *testing.T) {
	q := newQueue(4)
	if d := q.push([]Alert{state("a", "1"), state("b", "1"), state("a", "2"), state("c", "1")}); d != 0 {
		t.Errorf("dropped %d", d)
	}
	if got := names(q.take(2)); got != "a:2 b:1" {
		t.Errorf("took %s", got)
	}
	q.push([]Alert{state("b", "2"), state("d", "1")})
	if d := q.putBack([]Alert{state("a", "2"), state("b", "1")}); d != 0 {
		t.Errorf("dropped %d", d)
	}
	if d := q.push([]Alert{state("e", "1"), state("f", "1")}); d != 2 {
		t.Errorf("dropped %d", d)
	}
	if got := names(q.take(9)); got != "b:2 d:1 e:1 f:1" {
		t.Errorf("took %s", got)
	}
	if d := cmp.Diff("", names(q.take(9))); d != "" || q.len() != 0 {
		t.Errorf("not empty: %s", d)
	}
}

func TestFingerprint(t *testing.T) {
	// As Alertmanager has it for {alertname="KubeEventBackOff",severity="warning"}.
	a := FingerprintOf(map[string]string{"severity": "warning", "alertname": "KubeEventBackOff"})
	b := FingerprintOf(map[string]string{"alertname": "KubeEventBackOff", "severity": "warning"})
	if a != b || len(a.String()) != 16 {
		t.Errorf("%s and %s", a, b)
	}
}
