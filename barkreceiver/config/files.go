package config

import (
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strconv"
	"strings"

	"github.com/kubebark/kubebark/barkreceiver/render"
	"github.com/kubebark/kubebark/internal/conf"
)

const (
	minSecret  = 16
	maxKeyFile = 4 << 10
)

func (c *Config) path(p string) string {
	if filepath.IsAbs(p) {
		return p
	}
	return filepath.Join(c.dir, p)
}

// readKey returns the first line of a file. What it has is in no error.
func (c *Config) readKey(file string) (string, error) {
	if file == "" {
		return "", errors.New("is needed")
	}
	path := c.path(file)
	c.files = append(c.files, path)
	f, err := os.Open(path)
	if err != nil {
		return "", fmt.Errorf("read key file: %w", err)
	}
	defer f.Close()
	text := make([]byte, maxKeyFile)
	n, err := io.ReadAtLeast(f, text, 1)
	if errors.Is(err, io.EOF) {
		return "", fmt.Errorf("read key file %s: it is empty", path)
	}
	if err != nil {
		return "", fmt.Errorf("read key file: %w", err)
	}
	key, _, _ := strings.Cut(string(text[:n]), "\n")
	if key = strings.TrimSpace(key); key == "" {
		return "", fmt.Errorf("read key file %s: its first line is empty", path)
	}
	return key, nil
}

// readSecret is readKey for what must be too long to be guessed. what is its name
// in errors.
func (c *Config) readSecret(what, file string) (string, error) {
	secret, err := c.readKey(file)
	if err == nil && len(secret) < minSecret {
		err = fmt.Errorf("the %s needs %d characters at least, it has %d", what, minSecret, len(secret))
	}
	return secret, err
}

// readTemplates finds the files that the patterns match and tries to parse
// them. A pattern without a wildcard that matches none is a mistake.
func (c *Config) readTemplates() error {
	var errs []error
	for i, pattern := range c.Templates {
		found, err := filepath.Glob(c.path(pattern))
		if err == nil && len(found) == 0 && !strings.ContainsAny(pattern, `*?[`) {
			err = fmt.Errorf("there is no file %s", c.path(pattern))
		} else if err != nil {
			err = fmt.Errorf("want a file or a pattern such as *.tmpl, have %q", pattern)
		}
		if err != nil {
			errs = append(errs, conf.Field(err, strconv.Itoa(i)))
		}
		c.templates = append(c.templates, found...)
	}
	c.files = append(c.files, c.templates...)
	_, err := render.New(render.Options{Language: c.Language, Files: c.templates})
	errs = append(errs, err)
	c.templatesBad = errors.Join(errs...) != nil
	return errors.Join(errs...)
}
