//go:build unix

package barkreceiver

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"github.com/go-kit/log"
	"github.com/prometheus/client_golang/prometheus"
)

// BenchmarkWebhook is what a message costs with all its way: from a client's
// request over HTTP to a bark-server's answer and back, each message about
// another group. The floor does nothing but to forward: no message is read, no
// template rendered, no size measured, nothing remembered. With -cpu 1 the
// client and the bark-server are on the same core as what is measured.
func BenchmarkWebhook(b *testing.B) {
	for _, name := range []string{"event", "group_mixed", "alerts_cut"} {
		body, err := os.ReadFile("testdata/golden/" + name + ".in.json")
		if err != nil {
			b.Fatal(err)
		}
		b.Run(name+"/floor", func(b *testing.B) { flood(b, body, floor(b, newStub(b))) })
		b.Run(name+"/receiver", func(b *testing.B) { flood(b, body, receiver(b, newStub(b), "", "")) })
		b.Run(name+"/encrypted", func(b *testing.B) {
			flood(b, body, receiver(b, newStub(b), ", encryption: {algorithm: aes-256-gcm, key_file: aes}", ""))
		})
		b.Run(name+"/kept", func(b *testing.B) {
			flood(b, body, receiver(b, newStub(b), "", filepath.Join(b.TempDir(), "state")))
		})
	}
}

// newStub is a bark-server that takes everything.
func newStub(b *testing.B) string {
	b.Helper()
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		io.Copy(io.Discard, r.Body) //nolint:errcheck // who breaks off gets no answer
		io.WriteString(w, `{"code":200,"message":"success","timestamp":1}`)
	}))
	b.Cleanup(s.Close)
	return s.URL
}

func floor(b *testing.B, bark string) http.Handler {
	b.Helper()
	client := &http.Client{Transport: &http.Transport{MaxIdleConnsPerHost: 100}}
	b.Cleanup(client.CloseIdleConnections)
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		io.Copy(io.Discard, r.Body) //nolint:errcheck // its client notices
		req, err := http.NewRequestWithContext(r.Context(), http.MethodPost, bark+"/push", bytes.NewReader([]byte(`{"device_key":"x","title":"t","body":"b"}`)))
		if err != nil {
			http.Error(w, err.Error(), http.StatusInternalServerError)
			return
		}
		resp, err := client.Do(req)
		if err != nil {
			http.Error(w, err.Error(), http.StatusBadGateway)
			return
		}
		defer resp.Body.Close()
		io.Copy(w, resp.Body) //nolint:errcheck // its client notices
	})
}

// receiver is the app with one device; how says more of the device, state is
// the file to keep it in.
func receiver(b *testing.B, bark, how, state string) http.Handler {
	b.Helper()
	dir := b.TempDir()
	for name, text := range map[string]string{
		"alice": keyAlice, "aes": "0123456789abcdef0123456789abcdef",
		"c.yml": fmt.Sprintf("bark: {server_url: '%s'}\nreceivers: [{name: oncall, devices: [{key_file: alice%s}]}]\n", bark, how),
	} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o600); err != nil {
			b.Fatal(err)
		}
	}
	app := New(Options{ConfigFile: filepath.Join(dir, "c.yml"), Registerer: prometheus.NewRegistry(), Logger: log.NewNopLogger(), StateFile: state})
	if _, err := app.Apply(); err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() {
		if err := app.dedup.Close(); err != nil {
			b.Error(err)
		}
		app.state.Load().close()
	})
	return app.Handler()
}

// flood sends the message again and again, 64 at once, each with another group
// key.
func flood(b *testing.B, body []byte, h http.Handler) {
	b.Helper()
	var m map[string]any
	if err := json.Unmarshal(body, &m); err != nil {
		b.Fatal(err)
	}
	m["groupKey"] = "GROUPKEY"
	body, err := json.Marshal(m)
	if err != nil {
		b.Fatal(err)
	}
	before, after, _ := bytes.Cut(body, []byte("GROUPKEY"))
	web := httptest.NewServer(h)
	defer web.Close()
	client := &http.Client{Transport: &http.Transport{MaxIdleConnsPerHost: 100}}
	defer client.CloseIdleConnections()
	var n atomic.Int64
	b.ReportAllocs()
	b.SetParallelism(64)
	cpu := cpuTime(b)
	b.ResetTimer()
	b.RunParallel(func(pb *testing.PB) {
		for pb.Next() {
			message := fmt.Appendf(nil, "%s{}:{n=%d}%s", before, n.Add(1), after)
			req, err := http.NewRequestWithContext(b.Context(), http.MethodPost, web.URL+"/webhook/oncall", bytes.NewReader(message))
			if err != nil {
				b.Error(err)
				return
			}
			resp, err := client.Do(req)
			if err != nil {
				b.Error(err)
				return
			}
			text, err := io.ReadAll(resp.Body)
			resp.Body.Close()
			if err != nil || resp.StatusCode != http.StatusOK {
				b.Errorf("%d %s %v", resp.StatusCode, text, err)
				return
			}
		}
	})
	b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "messages/s")
	b.ReportMetric(float64((cpuTime(b)-cpu).Microseconds())/float64(b.N), "cpu-µs/message")
}

// cpuTime is what this process has had of the processors. Unlike the time on
// the clock it hardly depends on what else the machine does.
func cpuTime(b *testing.B) time.Duration {
	b.Helper()
	var u syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &u); err != nil {
		b.Fatal(err)
	}
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}
