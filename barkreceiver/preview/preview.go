// Package preview serves a page that shows what a receiver's phones will show:
// for sample groups or for a webhook body that is pasted in, as a banner and
// opened, with the exact requests, keys masked, and what is wrong with the
// templates. It sends nothing.
package preview

import (
	"bytes"
	"embed"
	"encoding/json"
	"errors"
	"html/template"
	"net/http"
	"strconv"
	"time"

	"github.com/go-kit/log"

	"github.com/kubebark/kubebark/barkreceiver/config"
	pages "github.com/kubebark/kubebark/barkreceiver/page"
	"github.com/kubebark/kubebark/barkreceiver/push"
	"github.com/kubebark/kubebark/barkreceiver/render"
	"github.com/kubebark/kubebark/barkreceiver/webhook"
	"github.com/kubebark/kubebark/internal/webpage"
)

//go:embed preview.html
var files embed.FS

const maxBody = 4 << 20

// Options are the options of [New].
type Options struct {
	Logger log.Logger
	// Config returns the configuration in force.
	Config func() *config.Config
	// Requests renders a message for a receiver.
	Requests func(*config.Receiver, *webhook.Message, time.Time) ([]json.RawMessage, error)
}

// Handler serves the page.
type Handler struct {
	opts Options
	page *template.Template
}

// New returns a handler.
func New(o Options) *Handler {
	return &Handler{opts: o, page: pages.MustParse(files, "preview.html")}
}

// page is what the page shows.
type page struct {
	Receivers []string
	Receiver  string
	Samples   []string
	Sample    int
	Body      string // pasted
	Fault     string
	Template  bool // the fault is a template's
	Pushes    []shown
	Nothing   bool // the receiver is not told
}

// shown is one device's push.
type shown struct {
	Device    string `json:"device"`
	Encrypted string `json:"encrypted"`
	push.Params
	Size    int    `json:"-"`
	Request string `json:"-"`
}

// ServeHTTP implements http.Handler.
func (h *Handler) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if r.Method != http.MethodGet && r.Method != http.MethodHead && r.Method != http.MethodPost {
		w.Header().Set("Allow", "GET, HEAD, POST")
		http.Error(w, "Method Not Allowed", http.StatusMethodNotAllowed)
		return
	}
	r.Body = http.MaxBytesReader(w, r.Body, maxBody)
	code := http.StatusOK
	p := new(page)
	if err := r.ParseForm(); err != nil {
		p.Fault, code = "the form cannot be read: "+err.Error(), http.StatusBadRequest
	}
	if err := h.fill(p, r); err != nil {
		p.Fault = err.Error()
		_, p.Template = errors.AsType[*render.FaultError](err)
	}
	webpage.HTMLWithCode(w, h.opts.Logger, code, h.page, p)
}

func (h *Handler) fill(p *page, r *http.Request) error {
	c := h.opts.Config()
	for _, rc := range c.Receivers {
		p.Receivers = append(p.Receivers, rc.Name)
	}
	now := time.Now()
	samples := render.Samples(now)
	for _, s := range samples {
		p.Samples = append(p.Samples, s.Name)
	}
	p.Receiver, p.Body = r.Form.Get("receiver"), r.Form.Get("body")
	if n, err := strconv.Atoi(r.Form.Get("sample")); err == nil && n >= 0 && n < len(samples) {
		p.Sample = n
	}
	m := samples[p.Sample].Message
	if p.Body != "" {
		var err error
		if m, err = webhook.Decode([]byte(p.Body)); err != nil {
			return err
		}
		if p.Receiver == "" {
			p.Receiver = m.Receiver
		}
	}
	rc := c.Find(webhook.Names(p.Receiver))
	if rc == nil && p.Receiver == "" {
		rc = c.Receivers[0]
	}
	if rc == nil {
		return errors.New("there is no receiver of that name")
	}
	p.Receiver = rc.Name
	requests, fault := h.opts.Requests(rc, m, now)
	p.Nothing = len(requests) == 0
	for _, req := range requests {
		var s shown
		if err := json.Unmarshal(req, &s); err != nil {
			return err
		}
		s.Size = s.Params.Size()
		var pretty bytes.Buffer
		if err := json.Indent(&pretty, req, "", "  "); err != nil {
			return err
		}
		s.Request = pretty.String()
		p.Pushes = append(p.Pushes, s)
	}
	return fault
}
