package fakeapi

import (
	"bufio"
	"errors"
	"net/http"
	"strconv"
	"strings"
	"time"

	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/watch"
)

const watchExpired = "The resourceVersion for the provided watch is too old."

// batch is how many changes a stream writes before it flushes.
const batch = 256

// bufferSize makes a batch of ordinary events one write.
const bufferSize = 128 << 10

// stream is one open watch.
type stream struct {
	s      *Server
	req    *request
	w      *bufio.Writer
	rc     *http.ResponseController
	prefix string // of keys that it shows
	at     uint64 // version that it has come to
}

// watch answers a watch.
func (s *Server) watch(w http.ResponseWriter, r *http.Request, req *request) {
	if req.initial != nil && *req.initial && req.match != metav1.ResourceVersionMatchNotOlderThan {
		fail(w, req.encoding, apierrors.NewInvalid(metav1.SchemeGroupVersion.WithKind("ListOptions").GroupKind(), "", nil))
		return
	}
	st := &stream{s: s, req: req, w: bufio.NewWriterSize(w, bufferSize), rc: http.NewResponseController(w), at: req.version}
	if req.namespace != "" {
		st.prefix = req.namespace + "/"
	}
	interrupted := s.faults.interruptions() // from before the client knows that it watches
	w.Header().Set("Content-Type", req.encoding.mediaType(true))
	w.WriteHeader(http.StatusOK)
	err := st.flush()
	if err == nil {
		err = st.begin()
	}
	if err == nil {
		err = st.follow(r, interrupted)
	}
	if errors.Is(err, errCompacted) {
		err = Expired()
	}
	if se, ok := errors.AsType[*apierrors.StatusError](err); ok {
		st.fail(se)
	}
}

func (st *stream) flush() error {
	if err := st.w.Flush(); err != nil {
		return err
	}
	return st.rc.Flush()
}

// begin sends what there is, where that is asked for.
func (st *stream) begin() error {
	legacy := st.req.initial == nil && st.req.version == 0
	forced := st.req.initial != nil && *st.req.initial
	if !legacy && !forced {
		if st.req.version == 0 { // from now on
			st.at = st.s.store.Version()
		}
		return nil
	}
	if current := st.s.store.Version(); st.req.version > current {
		return tooLarge(st.req.version, current)
	}
	l, err := st.s.store.list(st.req.namespace, st.req.part, "", 0, 0, 0)
	if err != nil {
		return err
	}
	for i, o := range l.objects {
		f, err := o.frame(st.req.encoding, watch.Added)
		if err == nil {
			_, err = st.w.Write(f)
		}
		if err == nil && i%batch == batch-1 {
			err = st.flush()
		}
		if err != nil {
			return err
		}
	}
	st.at = l.version
	if forced && st.req.bookmarks {
		return st.bookmark()
	}
	return st.flush()
}

// bookmark ends the initial events.
func (st *stream) bookmark() error {
	e := &corev1.Event{ObjectMeta: metav1.ObjectMeta{
		ResourceVersion: strconv.FormatUint(st.at, 10),
		Annotations:     map[string]string{metav1.InitialEventsAnnotationKey: "true"},
	}}
	data, err := st.req.encoding.encode("Event", e)
	if err != nil {
		return err
	}
	return st.send(watch.Bookmark, data)
}

func (st *stream) send(kind watch.EventType, data []byte) error {
	f, err := st.req.encoding.encodeFrame(kind, data)
	if err != nil {
		return err
	}
	if _, err := st.w.Write(f); err != nil {
		return err
	}
	return st.flush()
}

// fail ends the stream with an error in it.
func (st *stream) fail(e *apierrors.StatusError) {
	data, err := st.req.encoding.encode("Status", &e.ErrStatus)
	if err != nil {
		return
	}
	_ = st.send(watch.Error, data) // a client that has gone needs none
}

// follow sends changes until the request or its time ends, or it is interrupted.
func (st *stream) follow(r *http.Request, interrupted <-chan struct{}) error {
	var late <-chan time.Time
	if st.req.timeout > 0 {
		t := time.NewTimer(st.req.timeout)
		defer t.Stop()
		late = t.C
	}
	ready := make(chan struct{})
	close(ready)
	for {
		changes, more, err := st.s.store.since(st.at, batch)
		if err != nil {
			return err
		}
		if err := st.show(changes); err != nil {
			return err
		}
		if more == nil {
			more = ready
		}
		select {
		case <-interrupted:
			return st.s.faults.interruption()
		case <-r.Context().Done():
			return nil
		case <-late:
			return nil
		case <-st.s.stopping:
			return nil
		case <-more:
		}
	}
}

func (st *stream) show(changes []*change) error {
	written := false
	for _, c := range changes {
		st.at = c.version
		if !strings.HasPrefix(c.now.key, st.prefix) || !st.req.part.selects(c.now.key) {
			continue
		}
		f, err := c.frame(st.req.encoding)
		if err == nil {
			_, err = st.w.Write(f)
		}
		if err != nil {
			return err
		}
		written = true
	}
	if !written {
		return nil
	}
	return st.flush()
}
