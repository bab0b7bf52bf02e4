package push

import (
	"net/http"
	"strconv"
	"sync"
	"time"

	"github.com/kubebark/kubebark/internal/backoff"
)

const (
	// probeInterval is how long a device that refused is left alone. The
	// public server bans those who err too often.
	probeInterval = 15 * time.Minute

	firstPause = time.Second
	maxPause   = 15 * time.Second // Alertmanager comes back on its own, more and more rarely
	slowPause  = time.Minute
	maxAsked   = 10 * time.Minute // the longest Retry-After that is believed
)

// pause is a time of leaving a server or a device alone.
type pause struct {
	until  time.Time
	tries  backoff.Backoff
	result Result // what to say meanwhile
}

// pauses remembers whom to leave alone. Its size is that of the configuration.
type pauses struct {
	mu     sync.Mutex
	server pause
	keys   map[Key]pause
}

// check returns what to answer about a device without asking its server; ok
// is false when the server may be asked.
func (p *pauses) check(k Key, now time.Time) (r Result, ok bool) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if now.Before(p.server.until) {
		return p.server.result, true
	}
	if d, known := p.keys[k]; known && now.Before(d.until) {
		return d.result, true
	}
	return Result{}, false
}

// failing returns what to answer about any device while the server is left
// alone.
func (p *pauses) failing(now time.Time) (r Result, ok bool) {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.server.result, now.Before(p.server.until)
}

// note takes in what a server answered about a device.
func (p *pauses) note(k Key, a answer, r Result, asked time.Duration, now time.Time) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if a.outcome != Retry || a.scope != ofServer {
		p.server = pause{} // it works
	}
	r.Held = true
	switch {
	case a.outcome == Delivered:
		delete(p.keys, k)
	case a.scope == ofMessage:
	case a.outcome == Refused:
		p.keys[k] = pause{until: now.Add(probeInterval), result: r}
	case a.scope == ofServer:
		// Several pushes under way when it began to fail are one failure.
		if !now.Before(p.server.until) {
			p.server = next(p.server, a, r, asked, now)
		}
	default:
		p.keys[k] = next(p.keys[k], a, r, asked, now)
	}
}

func next(p pause, a answer, r Result, asked time.Duration, now time.Time) pause {
	p.tries.Min, p.tries.Max = firstPause, maxPause // it may be the first failure
	d := p.tries.Next()
	if a.slow {
		d = slowPause
	}
	d = max(d, min(asked, maxAsked))
	return pause{until: now.Add(d), tries: p.tries, result: r}
}

// retryAfter reads the header of that name: seconds or a date.
func retryAfter(h http.Header, now time.Time) time.Duration {
	v := h.Get("Retry-After")
	if s, err := strconv.Atoi(v); err == nil && s > 0 {
		return time.Duration(min(s, int(maxAsked/time.Second))) * time.Second
	}
	if t, err := http.ParseTime(v); err == nil {
		return max(0, t.Sub(now))
	}
	return 0
}
