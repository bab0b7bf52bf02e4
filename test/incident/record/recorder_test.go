package main

import (
	"errors"
	"io"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestCopyLines(t *testing.T) {
	const stream = `{"type":"ADDED","object":{"kind":"Event","count":3,"message":"a <b> & c","metadata":{"name":"x","managedFields":[{"f":1}]}}}
{"type":"MODIFIED","object":{"kind":"Event","count":9007199254740993}}
{"type":"DELETED","obj`
	const want = `{"type":"ADDED","object":{"count":3,"kind":"Event","message":"a <b> & c","metadata":{"name":"x"}}}
{"type":"MODIFIED","object":{"count":9007199254740993,"kind":"Event"}}
`
	var got strings.Builder
	if err := copyLines(&got, strings.NewReader(stream)); !errors.Is(err, io.ErrUnexpectedEOF) {
		t.Errorf("error = %v, want that of a stream that breaks off", err)
	}
	if diff := cmp.Diff(want, got.String()); diff != "" {
		t.Errorf("lines (-want +got):\n%s", diff)
	}
}
