package phone

import (
	"crypto/rand"
	"net/http"
	"runtime"
)

// maxToken is the longest device token that bark-server takes.
const maxToken = 160

// register gives a phone's token a key, or a known key a new token.
func (s *Server) register(r *http.Request, body []byte) result {
	p, err := readParams(r, body, nil)
	if err != nil {
		return failure(http.StatusBadRequest, err.Error())
	}
	key, token := p.str("device_key"), p.str("device_token")
	if key == "" {
		key = p.str("key")
	}
	if token == "" {
		token = p.str("devicetoken")
	}
	switch {
	case token == "":
		return failure(http.StatusBadRequest, "device token is empty")
	case len(token) > maxToken:
		return failure(http.StatusBadRequest, "device token is invalid")
	}

	s.mu.Lock()
	defer s.mu.Unlock()
	d := s.byKeyLocked(key)
	if d == nil { // an unknown key is not taken over: the phone gets a new one
		d = s.addLocked(DeviceOptions{Key: rand.Text()[:22], Token: token})
	}
	d.token = token
	s.touchLocked()
	return result{code: http.StatusOK, message: success.message, data: map[string]string{
		"key": d.opts.Key, "device_key": d.opts.Key, "device_token": token,
	}}
}

// registered says whether a key can be pushed to.
func (s *Server) registered(key string) result {
	_, _, res := s.lookUp(key)
	return res
}

func (s *Server) info() result {
	s.mu.Lock()
	defer s.mu.Unlock()
	return result{code: http.StatusOK, data: bare{struct {
		Version string `json:"version"`
		Build   string `json:"build"`
		Arch    string `json:"arch"`
		Commit  string `json:"commit"`
		Devices int    `json:"devices"`
	}{"v2.3.4", "", runtime.GOOS + "/" + runtime.GOARCH, "", len(s.devices)}}}
}
