package otlp

import (
	"bytes"
	"compress/gzip"
	"context"
	"encoding/base64"
	"encoding/binary"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"

	"github.com/prometheus/common/config"
	"google.golang.org/protobuf/encoding/protowire"
	"google.golang.org/protobuf/proto"
)

// plainHTTP2 is a client that speaks HTTP/2 without TLS, as gRPC does there.
func plainHTTP2(c *config.HTTPClientConfig) *http.Client {
	p := new(http.Protocols)
	p.SetUnencryptedHTTP2(true)
	t := &http.Transport{
		Protocols: p, HTTP2: &http.HTTP2Config{SendPingTimeout: 30 * time.Second}, DisableCompression: true,
		IdleConnTimeout: 5 * time.Minute,
	}
	if c.HTTPHeaders == nil {
		return &http.Client{Transport: t}
	}
	return &http.Client{Transport: config.NewHeadersRoundTripper(c.HTTPHeaders, t)}
}

// post sends a body and hands the answer to read; that is read and closed then.
func (c *Client) post(ctx context.Context, body []byte, h http.Header, read func(*http.Response, []byte) error) error {
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, c.url, bytes.NewReader(body))
	if err != nil {
		return err
	}
	req.Header = h
	resp, err := c.http.Do(req)
	if err != nil {
		return err
	}
	defer resp.Body.Close()
	answer, err := io.ReadAll(io.LimitReader(resp.Body, maxAnswer))
	if err != nil {
		return fmt.Errorf("read the answer: %w", err)
	}
	return read(resp, answer)
}

func (c *Client) overHTTP(ctx context.Context, message []byte, into proto.Message) error {
	body, encoding, err := c.compress(message)
	if err != nil {
		return err
	}
	h := http.Header{"Content-Type": {"application/x-protobuf"}}
	if encoding != "" {
		h.Set("Content-Encoding", encoding)
	}
	return c.post(ctx, body, h, func(resp *http.Response, answer []byte) error {
		if resp.StatusCode/100 != 2 {
			return httpError(resp, explanation(resp, answer))
		}
		if resp.Header.Get("Content-Type") != "application/x-protobuf" {
			return nil // some answer with JSON, or with nothing
		}
		if err := proto.Unmarshal(answer, into); err != nil {
			return fmt.Errorf("read the answer: %w", err)
		}
		return nil
	})
}

// explanation is what an error's body says, as far as a log should have it.
func explanation(resp *http.Response, body []byte) string {
	text := string(body)
	if resp.Header.Get("Content-Type") == "application/x-protobuf" {
		text = messageOf(body)
	}
	return shorten(text)
}

func shorten(s string) string {
	s = strings.ToValidUTF8(strings.TrimSpace(s), "�")
	if r := []rune(s); len(r) > 300 {
		return string(r[:300]) + "…"
	}
	return s
}

// A message of gRPC has a byte before it that says whether it is compressed, and
// its length in four.
const prefix = 5

func (c *Client) overGRPC(ctx context.Context, message []byte, into proto.Message) error {
	body, encoding, err := c.compress(message)
	if err != nil {
		return err
	}
	framed := make([]byte, prefix, prefix+len(body))
	binary.BigEndian.PutUint32(framed[1:], uint32(len(body))) //nolint:gosec // bounded by the queue
	h := http.Header{
		"Content-Type": {"application/grpc+proto"}, "Te": {"trailers"},
		"Grpc-Timeout": {strconv.FormatInt(time.Duration(c.config.Timeout).Milliseconds(), 10) + "m"},
	}
	if encoding != "" {
		framed[0] = 1
		h.Set("Grpc-Encoding", encoding)
	}
	return c.post(ctx, append(framed, body...), h, func(resp *http.Response, answer []byte) error {
		if resp.StatusCode != http.StatusOK {
			return httpError(resp, explanation(resp, answer))
		}
		if err := status(resp); err != nil {
			return err
		}
		message, err := unframe(answer)
		if err == nil {
			err = proto.Unmarshal(message, into)
		}
		if err != nil {
			return fmt.Errorf("read the answer: %w", err)
		}
		return nil
	})
}

// unframe takes the message out of an answer. A server compresses as its client
// did.
func unframe(answer []byte) ([]byte, error) {
	if len(answer) < prefix {
		return nil, fmt.Errorf("want a message of gRPC, have %d bytes", len(answer))
	}
	if answer[0] == 0 {
		return answer[prefix:], nil
	}
	z, err := gzip.NewReader(bytes.NewReader(answer[prefix:]))
	if err != nil {
		return nil, err
	}
	return io.ReadAll(io.LimitReader(z, maxAnswer))
}

// status reads the outcome of a call: from the trailers, or from the header where
// there is nothing else.
func status(resp *http.Response) error {
	h := resp.Trailer
	if h.Get("Grpc-Status") == "" {
		h = resp.Header
	}
	code, err := strconv.Atoi(h.Get("Grpc-Status"))
	switch {
	case err != nil:
		return fmt.Errorf("no answer of gRPC from %s: is it the port of another protocol?", resp.Request.URL.Host)
	case code == 0:
		return nil
	}
	text, err := url.PathUnescape(h.Get("Grpc-Message"))
	if err != nil {
		text = h.Get("Grpc-Message")
	}
	details, err := base64.RawStdEncoding.DecodeString(strings.TrimRight(h.Get("Grpc-Status-Details-Bin"), "="))
	if err != nil {
		details = nil // then it says no more than the code
	}
	return grpcError(code, shorten(text), retryAfter(details))
}

// messageOf is the message of a google.rpc.Status.
func messageOf(status []byte) string {
	text := ""
	fields(status, func(n protowire.Number, b []byte) {
		if n == 2 {
			text = string(b)
		}
	})
	return text
}

// retryAfter is the delay in the google.rpc.RetryInfo of a google.rpc.Status: its
// details are messages packed with their names.
func retryAfter(status []byte) (d time.Duration) {
	fields(status, func(n protowire.Number, detail []byte) {
		var name string
		var info []byte
		if n == 3 {
			fields(detail, func(n protowire.Number, b []byte) {
				switch n {
				case 1:
					name = string(b)
				case 2:
					info = b
				}
			})
		}
		if !strings.HasSuffix(name, "/google.rpc.RetryInfo") {
			return
		}
		fields(info, func(n protowire.Number, delay []byte) {
			if seconds, ok := varint(delay); n == 1 && ok {
				d = max(time.Duration(min(seconds, 3600))*time.Second, time.Second)
			}
		})
	})
	return d
}

// varint is the first field of a message, where that is a number: the seconds of
// a google.protobuf.Duration.
func varint(b []byte) (uint64, bool) {
	n, typ, k := protowire.ConsumeTag(b)
	if k < 0 || typ != protowire.VarintType || n != 1 {
		return 0, len(b) > 0 // less than a second
	}
	v, m := protowire.ConsumeVarint(b[k:])
	return v, m > 0
}

// fields calls f with the fields of a message that are texts or messages.
func fields(b []byte, f func(protowire.Number, []byte)) {
	for len(b) > 0 {
		n, typ, k := protowire.ConsumeTag(b)
		if k < 0 {
			return
		}
		b = b[k:]
		if typ == protowire.BytesType {
			v, m := protowire.ConsumeBytes(b)
			if m < 0 {
				return
			}
			f(n, v)
			b = b[m:]
			continue
		}
		m := protowire.ConsumeFieldValue(n, typ, b)
		if m < 0 {
			return
		}
		b = b[m:]
	}
}
