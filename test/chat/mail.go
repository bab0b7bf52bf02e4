package chat

import (
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"mime"
	"mime/multipart"
	"mime/quotedprintable"
	"net/mail"
	"strings"

	"github.com/emersion/go-sasl"
	"github.com/emersion/go-smtp"
)

// smtpPassword is of the one user that the mail server knows.
const smtpPassword = "smtp-secret"

// postbox is a mail server that takes mail over TLS from who has signed in. It
// is a backend of go-smtp, which speaks the protocol.
type postbox struct{ inbox }

// NewSession implements smtp.Backend.
func (p *postbox) NewSession(c *smtp.Conn) (smtp.Session, error) {
	return &session{box: p, conn: c}, nil
}

// session is one mail under way.
type session struct {
	box    *postbox
	conn   *smtp.Conn
	signed bool
	to     []string
}

// AuthMechanisms implements smtp.AuthSession.
func (s *session) AuthMechanisms() []string { return []string{sasl.Plain} }

// Auth implements smtp.AuthSession.
func (s *session) Auth(string) (sasl.Server, error) {
	return sasl.NewPlainServer(func(_, user, password string) error {
		if s.signed = user == "alertmanager" && password == smtpPassword; !s.signed {
			s.box.refuse("535 authentication failed")
			return smtp.ErrAuthFailed
		}
		return nil
	}), nil
}

// Mail implements smtp.Session.
func (s *session) Mail(string, *smtp.MailOptions) error {
	if _, ok := s.conn.TLSConnectionState(); !ok || !s.signed {
		s.box.refuse("530 no TLS, or not signed in")
		return smtp.ErrAuthRequired
	}
	return nil
}

// Rcpt implements smtp.Session.
func (s *session) Rcpt(to string, _ *smtp.RcptOptions) error {
	s.to = append(s.to, to)
	return nil
}

// Data implements smtp.Session.
func (s *session) Data(r io.Reader) error {
	text, err := read(r)
	if err != nil {
		s.box.refuse(err.Error())
		return err
	}
	s.box.put(fmt.Sprintf("to: %s\n%s", strings.Join(s.to, ", "), text))
	return nil
}

// Reset implements smtp.Session.
func (s *session) Reset() { s.to = nil }

// Logout implements smtp.Session.
func (s *session) Logout() error { return nil }

// read reads a mail as its reader sees it: subject, text and HTML.
func read(r io.Reader) (string, error) {
	m, err := mail.ReadMessage(r)
	if err != nil {
		return "", err
	}
	subject, err := new(mime.WordDecoder).DecodeHeader(m.Header.Get("Subject"))
	if err != nil {
		return "", err
	}
	kind, params, err := mime.ParseMediaType(m.Header.Get("Content-Type"))
	if err != nil {
		return "", err
	}
	if kind != "multipart/alternative" {
		return "", errors.New("a mail in one part: " + kind)
	}
	text := "subject: " + subject + "\n"
	for parts := multipart.NewReader(m.Body, params["boundary"]); ; {
		part, err := parts.NextRawPart()
		if errors.Is(err, io.EOF) {
			return text, nil
		}
		if err != nil {
			return "", err
		}
		body, err := io.ReadAll(quotedprintable.NewReader(part))
		if err != nil {
			return "", err
		}
		kind, _, _ := strings.Cut(part.Header.Get("Content-Type"), ";")
		text += "\n--- " + kind + "\n" + strings.ReplaceAll(string(body), "\r\n", "\n") + "\n"
	}
}

// serveMail serves on an address until closed.
func serveMail(p *postbox, cert tls.Certificate) *smtp.Server {
	s := smtp.NewServer(p)
	s.Domain = "localhost"
	s.TLSConfig = &tls.Config{Certificates: []tls.Certificate{cert}, MinVersion: tls.VersionTLS12}
	return s
}
