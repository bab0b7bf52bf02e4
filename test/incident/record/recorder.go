package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/kubernetes"
	"k8s.io/client-go/rest"
)

// A recorder copies the watch of all events to a file.
type recorder struct {
	cancel context.CancelFunc
	done   chan struct{} // closed when err is final
	err    error
}

// startRecorder starts a recorder of what happens from now on. One connection
// must do for all of it, which the API server gives half an hour at least.
func startRecorder(ctx context.Context, config *rest.Config, w io.Writer) (*recorder, error) {
	client, err := kubernetes.NewForConfig(config)
	if err != nil {
		return nil, fmt.Errorf("make client: %w", err)
	}
	list, err := client.CoreV1().Events("").List(ctx, metav1.ListOptions{Limit: 1})
	if err != nil {
		return nil, fmt.Errorf("list events: %w", err)
	}
	ctx, cancel := context.WithCancel(ctx)
	stream, err := client.CoreV1().RESTClient().Get().Resource("events").
		Param("watch", "true").Param("resourceVersion", list.ResourceVersion).
		SetHeader("Accept", "application/json").Stream(ctx)
	if err != nil {
		cancel()
		return nil, fmt.Errorf("watch events: %w", err)
	}
	r := &recorder{cancel: cancel, done: make(chan struct{})}
	go func() {
		defer close(r.done)
		defer stream.Close()
		if err := copyLines(w, stream); ctx.Err() == nil {
			r.err = errors.Join(errors.New("the watch of events has ended early"), err)
		}
	}()
	return r, nil
}

// stop ends the recording.
func (r *recorder) stop() error {
	r.cancel()
	<-r.done
	return r.err
}

// copyLines writes each object of a stream as one line, whole or not at all,
// without the managedFields that kubectl hides as well.
func copyLines(w io.Writer, stream io.Reader) error {
	dec := json.NewDecoder(stream)
	dec.UseNumber()
	for {
		var frame struct {
			Type   string         `json:"type"`
			Object map[string]any `json:"object"`
		}
		if err := dec.Decode(&frame); err != nil {
			return fmt.Errorf("read watch: %w", err)
		}
		if meta, ok := frame.Object["metadata"].(map[string]any); ok {
			delete(meta, "managedFields")
		}
		var line bytes.Buffer
		enc := json.NewEncoder(&line)
		enc.SetEscapeHTML(false)
		if err := enc.Encode(frame); err != nil {
			return fmt.Errorf("write event: %w", err)
		}
		if _, err := w.Write(line.Bytes()); err != nil {
			return fmt.Errorf("write event: %w", err)
		}
	}
}
