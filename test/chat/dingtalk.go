package chat

import (
	"bytes"
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"text/template"
	"time"

	"sigs.k8s.io/yaml"

	"github.com/kubebark/kubebark/barkreceiver/webhook"
)

// dingtalk is the robot of a DingTalk group, which wants its messages signed.
type dingtalk struct {
	inbox

	secret string
}

type robotMessage struct {
	Type     string `json:"msgtype"`
	Markdown struct {
		Title string `json:"title"`
		Text  string `json:"text"`
	} `json:"markdown"`
}

// sign is DingTalk's signature of a moment.
func sign(at, secret string) string {
	h := hmac.New(sha256.New, []byte(secret))
	h.Write([]byte(at + "\n" + secret))
	return base64.StdEncoding.EncodeToString(h.Sum(nil))
}

// ServeHTTP implements http.Handler.
func (d *dingtalk) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	var m robotMessage
	err := json.NewDecoder(r.Body).Decode(&m)
	q := r.URL.Query()
	at, _ := strconv.ParseInt(q.Get("timestamp"), 10, 64) // 0 is long ago
	a := answer{Text: "ok"}
	switch {
	case q.Get("access_token") != "0123456789abcdef":
		a = answer{Code: 300001, Text: "token is not exist"}
	case time.Since(time.UnixMilli(at)).Abs() > time.Hour || q.Get("sign") != sign(q.Get("timestamp"), d.secret):
		a = answer{Code: 310000, Text: "sign not match"}
	case err != nil || m.Type != "markdown" || m.Markdown.Title == "" || m.Markdown.Text == "":
		a = answer{Code: 40035, Text: "invalid message"}
	default:
		d.put(fmt.Sprintf("title: %s\n\n%s", m.Markdown.Title, m.Markdown.Text))
	}
	if a.Code != 0 {
		d.refuse(fmt.Sprint(a.Code, " ", a.Text))
	}
	_ = json.NewEncoder(w).Encode(a) //nolint:gosec // it has no token; who does not read it is the bridge
}

// bridge is what stands between Alertmanager and a DingTalk group: it words and
// signs messages. It follows the contract of prometheus-webhook-dingtalk, its
// configuration and template functions.
type bridge struct {
	inbox

	targets map[string]target
	texts   *template.Template
	robot   string // stands in for https://oapi.dingtalk.com
}

type target struct {
	URL     string `json:"url"`
	Secret  string `json:"secret"`
	Message struct {
		Title string `json:"title"`
		Text  string `json:"text"`
	} `json:"message"`
}

// newBridge reads a configuration of the bridge.
func newBridge(path, robot string) (*bridge, error) {
	data, err := os.ReadFile(path)
	if err != nil {
		return nil, err
	}
	var c struct {
		Templates []string          `json:"templates"`
		Targets   map[string]target `json:"targets"`
	}
	if err := yaml.UnmarshalStrict(data, &c); err != nil {
		return nil, err
	}
	b := &bridge{targets: c.Targets, robot: robot}
	b.texts = template.New("").Option("missingkey=zero").Funcs(template.FuncMap{
		"markdown": strings.NewReplacer("_", `\_`, "*", `\*`, "`", "\\`").Replace,
		"replace":  func(old, by, s string) string { return strings.ReplaceAll(s, old, by) },
	})
	for _, t := range c.Templates {
		if b.texts, err = b.texts.ParseGlob(filepath.Join(filepath.Dir(path), t)); err != nil {
			return nil, err
		}
	}
	return b, nil
}

// ServeHTTP implements http.Handler.
func (b *bridge) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	name, _ := strings.CutSuffix(strings.TrimPrefix(r.URL.Path, "/dingtalk/"), "/send")
	t, ok := b.targets[name]
	if !ok {
		http.NotFound(w, r)
		return
	}
	if err := b.forward(r, &t); err != nil {
		b.refuse(err.Error())
		http.Error(w, "Bad Request", http.StatusBadRequest)
		return
	}
	fmt.Fprint(w, "OK")
}

func (b *bridge) forward(r *http.Request, t *target) error {
	data := new(webhook.Message)
	if err := json.NewDecoder(r.Body).Decode(data); err != nil {
		return err
	}
	m := robotMessage{Type: "markdown"}
	var err error
	if m.Markdown.Title, err = b.text(t.Message.Title, data); err != nil {
		return err
	}
	if m.Markdown.Text, err = b.text(t.Message.Text, data); err != nil {
		return err
	}
	return b.send(r.Context(), t, &m)
}

func (b *bridge) text(text string, data any) (string, error) {
	t, err := b.texts.Clone()
	if err == nil {
		t, err = t.New("").Parse(text)
	}
	if err != nil {
		return "", err
	}
	var s strings.Builder
	err = t.Execute(&s, data)
	return s.String(), err
}

func (b *bridge) send(ctx context.Context, t *target, m *robotMessage) error {
	u, err := url.Parse(strings.Replace(t.URL, "https://oapi.dingtalk.com", b.robot, 1))
	if err != nil {
		return err
	}
	at, q := strconv.FormatInt(time.Now().UnixMilli(), 10), u.Query()
	q.Set("timestamp", at)
	q.Set("sign", sign(at, t.Secret))
	u.RawQuery = q.Encode()
	body, err := json.Marshal(m)
	if err != nil {
		return err
	}
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, u.String(), bytes.NewReader(body))
	if err != nil {
		return err
	}
	req.Header.Set("Content-Type", "application/json")
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		return err
	}
	defer resp.Body.Close()
	var a answer
	if err := json.NewDecoder(resp.Body).Decode(&a); err != nil {
		return err
	}
	if a.Code != 0 {
		return fmt.Errorf("DingTalk answers %d %s", a.Code, a.Text)
	}
	return nil
}
