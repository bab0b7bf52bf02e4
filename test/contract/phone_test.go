package contract

import (
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/go-kit/log"
	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/common/config"

	"github.com/kubebark/kubebark/barkreceiver"
	"github.com/kubebark/kubebark/barkreceiver/push"
	"github.com/kubebark/kubebark/test/phone"
)

// TestSizeLimit holds our measure of a push against that of a stand-in which
// was written without knowing ours.
func TestSizeLimit(t *testing.T) {
	server := phone.New(phone.Options{})
	server.AddDevice(phone.DeviceOptions{Name: "alice", Key: "keyOfAlice"})
	web := httptest.NewServer(server)
	defer web.Close()
	for _, tt := range []struct {
		name string
		p    push.Params
		unit string
	}{
		{"plain", push.Params{Title: "t", ID: "i", Group: "g"}, "x"},
		{"escapes", push.Params{Title: "<&>", Subtitle: "\"", Sound: "alarm", Level: "timeSensitive"}, "<"},
		{"Chinese", push.Params{ID: strings.Repeat("i", 64), Markdown: "# 标题", URL: "https://x/?a=b&c=d"}, "汉"},
		{"everything", push.Params{
			ID: "i", Title: "t", Subtitle: "s", Markdown: "m", Level: "critical", Volume: "7", Sound: "s", Call: "1", Group: "g", URL: "u", Action: "none",
			Icon: "i", Image: "i", Badge: "1", Copy: "c", AutoCopy: "1", IsArchive: "1", TTL: "60",
		}, "\n"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			p := tt.p
			for p.Size() <= push.MaxPayload {
				p.Body += tt.unit
			}
			over := p
			p.Body = strings.TrimSuffix(p.Body, tt.unit)
			if got := send(t, web.URL, &p); got.Outcome != push.Delivered {
				t.Errorf("%d bytes: %+v", p.Size(), got)
			}
			if got := send(t, web.URL, &over); !got.TooLarge {
				t.Errorf("%d bytes: %+v", over.Size(), got)
			}
		})
	}
}

func send(t *testing.T, url string, p *push.Params) push.Result {
	t.Helper()
	c, err := push.New(push.Options{
		ServerURL: url, HTTP: config.DefaultHTTPClientConfig,
		Duration: prometheus.NewHistogram(prometheus.HistogramOpts{Name: "d_seconds", Help: "Duration."}),
		Up:       prometheus.NewGauge(prometheus.GaugeOpts{Name: "up", Help: "Up."}),
	})
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	var got push.Result
	c.Push(t.Context(), p, []push.Key{"keyOfAlice"}, func(_ int, r push.Result) { got = r })
	return got
}

// TestPhones pushes each golden message to a phone without and to phones with
// encryption: all must show the same, decrypted, and none be refused.
func TestPhones(t *testing.T) {
	server := phone.New(phone.Options{})
	web := httptest.NewServer(server)
	defer web.Close()
	dir := t.TempDir()
	write := func(name, text string) {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	aes := strings.Repeat("k", 32)
	write("aes", aes)
	conf := "bark: {server_url: '" + web.URL + "'}\ndefault_receiver: all\nreceivers:\n- name: all\n  devices:\n"
	var devices []*phone.Device
	for name, cipher := range map[string]string{"open": "", "gcm": "aes-256-gcm", "cbc": "aes-256-cbc", "ecb": "aes-256-ecb"} {
		o := phone.DeviceOptions{Name: name, Key: "keyOf" + name}
		entry := "  - {name: " + name + ", key_file: " + name
		if cipher != "" {
			o.Cipher = phone.Cipher{Algorithm: cipher, Key: aes}
			entry += ", encryption: {algorithm: " + cipher + ", key_file: aes, insecure: true}"
		}
		write(name, o.Key)
		conf += entry + "}\n"
		devices = append(devices, server.AddDevice(o))
	}
	write("c.yml", conf)
	files, err := filepath.Glob("../../barkreceiver/testdata/golden/*.in.json")
	if err != nil || len(files) == 0 {
		t.Fatalf("%d messages, error %v", len(files), err)
	}
	for _, file := range files {
		body, err := os.Open(file)
		if err != nil {
			t.Fatal(err)
		}
		// Each for itself: one may tell what another has said to be over.
		app := barkreceiver.New(barkreceiver.Options{ConfigFile: filepath.Join(dir, "c.yml"), Logger: log.NewNopLogger(), Registerer: prometheus.NewRegistry()})
		if _, err := app.Apply(); err != nil {
			t.Fatal(err)
		}
		w := httptest.NewRecorder()
		app.Handler().ServeHTTP(w, httptest.NewRequest(http.MethodPost, "/webhook", body))
		body.Close()
		if w.Code != http.StatusOK {
			t.Errorf("%s: %d %s", file, w.Code, w.Body)
		}
		for _, d := range devices {
			newest := newest(d.State())
			if newest.Failed || newest.Title == "" || strings.Contains(newest.Body, "Encrypted alert") {
				t.Errorf("%s on %s: %+v", file, d.Name(), newest)
			}
		}
	}
}

func newest(s phone.State) phone.Notification {
	var n phone.Notification
	var last time.Time
	for _, one := range s.Notifications {
		if one.Time.After(last) {
			n, last = one, one.Time
		}
	}
	return n
}
