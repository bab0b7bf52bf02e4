package receiver

import (
	"bytes"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"strings"
	"sync/atomic"
	"testing"
)

// BenchmarkProgram is what a message costs the program itself, on one core,
// with the client and the bark-server elsewhere: 64 messages under way, each
// about another group. It is the other half of BenchmarkWebhook in
// barkreceiver, which has a floor beside it.
func BenchmarkProgram(b *testing.B) {
	for _, tt := range []struct{ name, devices string }{
		{"plain", "{name: ada, key_file: ada}"},
		{"encrypted", "{name: ada, key_file: ada, encryption: {algorithm: aes-256-gcm, key_file: aes}}"},
	} {
		for _, message := range []string{"event", "group_mixed", "alerts_cut"} {
			body, err := os.ReadFile("../../barkreceiver/testdata/golden/" + message + ".in.json")
			if err != nil {
				b.Fatal(err)
			}
			b.Run(message+"/"+tt.name, func(b *testing.B) { flood(b, body, tt.devices) })
		}
	}
}

func flood(b *testing.B, body []byte, devices string) {
	b.Helper()
	bark := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		_, _ = io.Copy(io.Discard, r.Body) // who breaks off gets no answer
		_, _ = io.WriteString(w, `{"code":200,"message":"success","timestamp":1}`)
	}))
	defer bark.Close()
	d := newDesk(b)
	d.environment = []string{"GOMAXPROCS=1"}
	d.bark = bark.URL
	d.start("bark: {server_url: BARK}\nreceivers: [{name: oncall, devices: ["+devices+"]}]\n", "--state.file=told", "--log.level=error")
	client := &http.Client{Transport: &http.Transport{MaxIdleConnsPerHost: 100}}
	defer client.CloseIdleConnections()
	var n atomic.Int64
	b.SetParallelism(64)
	const cpu = "process_cpu_seconds_total"
	before := d.metric(d.url, cpu)
	b.ResetTimer()
	b.RunParallel(func(pb *testing.PB) {
		for pb.Next() {
			group := fmt.Sprintf(`"groupKey": "%d `, n.Add(1))
			message := bytes.Replace(body, []byte(`"groupKey": "`), []byte(group), 1)
			resp, err := client.Post(d.url+"/webhook/oncall", "application/json", bytes.NewReader(message))
			if err != nil {
				b.Error(err)
				return
			}
			text := new(strings.Builder)
			_, err = io.Copy(text, resp.Body)
			resp.Body.Close()
			if err != nil || resp.StatusCode != http.StatusOK {
				b.Errorf("%d %s %v", resp.StatusCode, text, err)
				return
			}
		}
	})
	b.StopTimer()
	b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "messages/s")
	b.ReportMetric(1e6*(d.metric(d.url, cpu)-before)/float64(b.N), "cpu-µs/message")
}
