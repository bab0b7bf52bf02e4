package chat

import (
	"encoding/json"
	"fmt"
	"net/http"
	"unicode/utf8"
)

const (
	wecomCorp   = "ww0123456789abcdef"
	wecomAgent  = "1000002"
	wecomSecret = "wecom-secret"
	// wecomText is how many bytes of a text are shown.
	wecomText = 2048
)

// wecom is the API of WeCom: a token first, then messages with it. Its answers
// are 200 whatever they say. The first token expires before it is used.
type wecom struct {
	inbox

	tokens int
}

// answer is what WeCom answers.
type answer struct {
	Code    int    `json:"errcode"`
	Text    string `json:"errmsg"`
	Token   string `json:"access_token,omitempty"`
	Expires int    `json:"expires_in,omitempty"`
}

// ServeHTTP implements http.Handler.
func (c *wecom) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	var a answer
	switch r.Method + " " + r.URL.Path {
	case "GET /cgi-bin/gettoken":
		a = c.token(r)
	case "POST /cgi-bin/message/send":
		a = c.send(r)
	default:
		http.NotFound(w, r)
		return
	}
	if a.Code != 0 {
		c.refuse(fmt.Sprint(a.Code, " ", a.Text))
	}
	w.Header().Set("Content-Type", "application/json; charset=UTF-8")
	if err := json.NewEncoder(w).Encode(a); err != nil { //nolint:gosec // the token is what is asked for
		c.refuse(err.Error())
	}
}

func (c *wecom) token(r *http.Request) answer {
	q := r.URL.Query()
	switch {
	case q.Get("corpid") != wecomCorp:
		return answer{Code: 40013, Text: "invalid corpid"}
	case q.Get("corpsecret") != wecomSecret:
		return answer{Code: 40001, Text: "invalid credential"}
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	c.tokens++
	return answer{Text: "ok", Token: fmt.Sprint("token-", c.tokens), Expires: 7200}
}

func (c *wecom) send(r *http.Request) answer {
	var m struct {
		ToUser  string `json:"touser"`
		ToParty string `json:"toparty"`
		ToTag   string `json:"totag"`
		Agent   string `json:"agentid"`
		Type    string `json:"msgtype"`
		Text    struct {
			Content string `json:"content"`
		} `json:"text"`
	}
	err := json.NewDecoder(r.Body).Decode(&m)
	c.mu.Lock()
	current := fmt.Sprint("token-", c.tokens)
	c.mu.Unlock()
	switch {
	case r.URL.Query().Get("access_token") != current:
		return answer{Code: 40014, Text: "invalid access_token"}
	case current == "token-1":
		return answer{Code: 42001, Text: "access_token expired"}
	case err != nil:
		return answer{Code: 47001, Text: "data format error"}
	case m.Agent != wecomAgent:
		return answer{Code: 40056, Text: "invalid agentid"}
	case m.ToUser+m.ToParty+m.ToTag == "":
		return answer{Code: 40035, Text: "user/party/tag all empty"}
	case m.Type != "text":
		return answer{Code: 40008, Text: "invalid message type"}
	case m.Text.Content == "" || !utf8.ValidString(m.Text.Content):
		return answer{Code: 44004, Text: "content is empty"}
	case len(m.Text.Content) > wecomText: // it would be cut
		return answer{Code: 45002, Text: "content too long"}
	}
	c.put(m.Text.Content)
	return answer{Text: "ok"}
}
