package phone

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"sync"
	"time"
)

// push serves all forms of the push call. pieces are what the path says.
func (s *Server) push(r *http.Request, rec *Request, pieces []string) result {
	p, err := readParams(r, rec.Body, pieces)
	if err != nil {
		return failure(http.StatusBadRequest, err.Error())
	}
	keys, batch, err := p.keys()
	s.note(rec, keys, p)
	switch {
	case err != nil:
		return failure(http.StatusBadRequest, err.Error())
	case len(keys) == 0 || !batch && keys[0] == "":
		return failure(http.StatusBadRequest, "device key is empty")
	case batch && s.opts.MaxBatch > 0 && len(keys) > s.opts.MaxBatch:
		return failure(http.StatusBadRequest,
			fmt.Sprintf("batch push count exceeds the maximum limit: %d", s.opts.MaxBatch))
	case batch:
		return s.pushMany(r.Context(), p, keys)
	}
	res, _ := s.pushOne(r.Context(), p)
	return res
}

// note records what a request asks for as soon as it is known.
func (s *Server) note(rec *Request, keys []string, p Params) {
	s.mu.Lock()
	defer s.mu.Unlock()
	rec.Keys, rec.Params = keys, p
	s.touchLocked()
}

// item is one key's answer in a batch.
type item struct {
	Code    int    `json:"code"`
	Key     string `json:"device_key"`
	Message string `json:"message,omitempty"`
}

// pushMany pushes to each key, all at once, and answers for each in the
// order of the request.
func (s *Server) pushMany(ctx context.Context, p Params, keys []string) result {
	results := make([]result, len(keys))
	crashed := make([]bool, len(keys))
	var wg sync.WaitGroup
	for i, key := range keys {
		wg.Go(func() { results[i], crashed[i] = s.pushOne(ctx, p.with(key)) })
	}
	wg.Wait()

	items := make([]item, len(keys))
	for i, res := range results {
		if crashed[i] {
			s.mu.Lock()
			s.crashes++
			s.mu.Unlock()
			return result{drop: true}
		}
		if res.drop {
			return res
		}
		items[i] = item{Code: res.code, Key: keys[i]}
		if res.code != http.StatusOK {
			items[i].Message = res.message
		}
	}
	return result{code: http.StatusOK, message: success.message, data: items}
}

// pushOne pushes to the one key in p. crash says that a batch would have
// ended the process here.
func (s *Server) pushOne(ctx context.Context, p Params) (res result, crash bool) {
	d, token, res := s.lookUp(p.str("device_key"))
	if d == nil {
		return res, false
	}
	w, err := newWire(p)
	if err != nil {
		var wrong groupTypeError
		return failure(http.StatusInternalServerError, err.Error()), errors.As(err, &wrong)
	}
	return s.carry(ctx, d, token, w), false
}

// lookUp finds a key's device and token, or says why there is none.
func (s *Server) lookUp(key string) (*Device, string, result) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if key == "" {
		return nil, "", failure(http.StatusBadRequest, "device key is empty")
	}
	const prefix = "failed to get device token: "
	d := s.byKeyLocked(key)
	if d == nil {
		return nil, "", failure(http.StatusBadRequest,
			prefix+"failed to get ["+key+"] device token from database")
	}
	if d.token == "" {
		return nil, "", failure(http.StatusBadRequest, prefix+"device token invalid")
	}
	return d, d.token, success
}

// carry is the part of Apple's push service.
func (s *Server) carry(ctx context.Context, d *Device, token string, w wire) result {
	s.mu.Lock()
	f := strike(&d.fault)
	s.mu.Unlock()
	ok := success
	if why := w.refusal(); why != "" {
		ok = failure(http.StatusInternalServerError, APNs(why).Message)
	}
	if f == nil {
		if ok.code == http.StatusOK {
			d.receive(w, time.Now())
		}
		return ok
	}
	reached := ok.code == http.StatusOK && (f.Deliver || f.Code == 0 && !f.Drop)
	if reached && f.Deliver {
		d.receive(w, time.Now())
	}
	f.wait(ctx)
	if reached && !f.Deliver {
		d.receive(w, time.Now())
	}
	res := f.result(token, ok)
	if res.forgetsToken() {
		d.forget()
	}
	return res
}
