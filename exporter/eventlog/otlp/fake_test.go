package otlp

import (
	"bytes"
	"compress/gzip"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"

	collogs "go.opentelemetry.io/proto/slim/otlp/collector/logs/v1"
	logs "go.opentelemetry.io/proto/slim/otlp/logs/v1"
	"google.golang.org/protobuf/proto"
)

// answer is what the fake says to a request.
type answer struct {
	status  int    // HTTP
	code    string // gRPC
	message string
	header  map[string]string
	reply   *collogs.ExportLogsServiceResponse
}

// fake is who gets logs, over both protocols.
type fake struct {
	t *testing.T

	mu      sync.Mutex
	says    answer
	got     []*logs.ResourceLogs
	headers http.Header
	path    string
}

func startFake(t *testing.T) (*fake, string) {
	t.Helper()
	f := &fake{t: t}
	s := httptest.NewUnstartedServer(f)
	s.Config.Protocols = new(http.Protocols)
	s.Config.Protocols.SetHTTP1(true)
	s.Config.Protocols.SetUnencryptedHTTP2(true)
	s.Start()
	t.Cleanup(s.Close)
	return f, s.URL
}

func (f *fake) say(a answer) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.says = a
}

func (f *fake) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.headers, f.path = r.Header, r.URL.Path
	grpc := strings.HasPrefix(r.Header.Get("Content-Type"), "application/grpc")
	var body io.Reader = r.Body
	zipped := r.Header.Get("Content-Encoding") == "gzip"
	if grpc {
		var head [prefix]byte
		if _, err := io.ReadFull(r.Body, head[:]); err != nil {
			f.t.Error(err)
		}
		zipped = head[0] == 1
	}
	if zipped {
		z, err := gzip.NewReader(r.Body)
		if err != nil {
			f.t.Error(err)
			return
		}
		body = z
	}
	b, err := io.ReadAll(body)
	if err != nil {
		f.t.Error(err)
	}
	var req collogs.ExportLogsServiceRequest
	if err := proto.Unmarshal(b, &req); err != nil {
		f.t.Error(err)
	}
	f.got = append(f.got, req.ResourceLogs...)
	f.answer(w, grpc, zipped)
}

// frame makes an answer of a message, compressed if the request was, as gRPC's
// own servers do.
func frame(reply []byte, zipped bool) []byte {
	head := []byte{0, 0, 0, 0, byte(len(reply))}
	if zipped {
		var b bytes.Buffer
		z := gzip.NewWriter(&b)
		_, _ = z.Write(reply)
		_ = z.Close()
		reply = b.Bytes()
		head = []byte{1, 0, 0, 0, byte(len(reply))}
	}
	return append(head, reply...)
}

func (f *fake) answer(w http.ResponseWriter, grpc, zipped bool) {
	a := f.says
	for k, v := range a.header {
		w.Header().Set(k, v)
	}
	if a.status != 0 {
		w.WriteHeader(a.status)
		_, _ = io.WriteString(w, a.message)
		return
	}
	reply, err := proto.Marshal(a.reply)
	if err != nil {
		f.t.Error(err)
	}
	if !grpc {
		w.Header().Set("Content-Type", "application/x-protobuf")
		_, _ = w.Write(reply)
		return
	}
	w.Header().Set("Content-Type", "application/grpc")
	if a.code != "" { // nothing but trailers
		w.Header().Set("Grpc-Status", a.code)
		w.Header().Set("Grpc-Message", a.message)
		return
	}
	w.Header().Set("Trailer", "Grpc-Status")
	_, _ = w.Write(frame(reply, zipped))
	w.Header().Set("Grpc-Status", "0")
}
