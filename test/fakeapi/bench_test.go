package fakeapi

import (
	"encoding/binary"
	"fmt"
	"io"
	"net/http"
	"testing"
)

func fill(b *testing.B, n int) (*Server, *Store) {
	b.Helper()
	store := NewStore(StoreOptions{History: 1_000_000})
	for i := range n {
		if _, err := store.Create(sample(fmt.Sprintf("e%06d", i))); err != nil {
			b.Fatal(err)
		}
	}
	s, err := Serve(store, 0)
	if err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() { s.Close() })
	return s, store
}

func ask(b *testing.B, url string) io.ReadCloser {
	b.Helper()
	req, err := http.NewRequestWithContext(b.Context(), http.MethodGet, url, http.NoBody)
	if err != nil {
		b.Fatal(err)
	}
	req.Header.Set("Accept", "application/vnd.kubernetes.protobuf")
	tr := new(http.Transport)
	resp, err := tr.RoundTrip(req)
	if err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() { resp.Body.Close(); tr.CloseIdleConnections() })
	return resp.Body
}

// BenchmarkWatch writes an event and reads it from a stream.
func BenchmarkWatch(b *testing.B) {
	s, store := fill(b, 1)
	r := ask(b, fmt.Sprintf("%s/api/v1/events?watch=1&resourceVersion=%d", s.URL(), store.Version()))
	go func() {
		for i := range b.N {
			if _, err := store.Create(sample(fmt.Sprintf("n%d", i))); err != nil {
				b.Error(err)
			}
		}
	}()
	for range b.N {
		var head [4]byte
		if _, err := io.ReadFull(r, head[:]); err != nil {
			b.Fatal(err)
		}
		if _, err := io.CopyN(io.Discard, r, int64(binary.BigEndian.Uint32(head[:]))); err != nil {
			b.Fatal(err)
		}
	}
}

// BenchmarkList reads 50,000 events in one answer.
func BenchmarkList(b *testing.B) {
	s, _ := fill(b, 50_000)
	for b.Loop() {
		r := ask(b, s.URL()+"/api/v1/events")
		if n, err := io.Copy(io.Discard, r); err != nil || n < 50_000*100 {
			b.Fatal(n, err)
		}
		r.Close()
	}
}
