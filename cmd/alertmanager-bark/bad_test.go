package main

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/kubebark/kubebark/barkreceiver/config"
	"github.com/kubebark/kubebark/internal/conf/reference/reftest"
)

// badDir returns what loads a file beside keys, good and bad ones. What is said
// names the folder as DIR.
func badDir(t testing.TB) func(string) error {
	t.Helper()
	dir := t.TempDir()
	for name, text := range map[string]string{
		"keys/alice": canary, "keys/bob": "CanaryKey0000000000002", "keys/empty": "", "keys/short": "CanaryShort",
		"keys/url": "https://api.day.app/" + canary + "/title", "keys/aes": strings.Repeat("k", 32),
		"bad.tmpl": "{{ define \"x\" }}\n{{ .Status }}\n{{ if }}", "own.tmpl": `{{ define "own" }}{{ .Status }}{{ end }}`,
	} {
		path := filepath.Join(dir, name)
		if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	file := filepath.Join(dir, "c.yml")
	return func(text string) error {
		if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		_, _, err := config.Load(file)
		if err == nil {
			return nil
		}
		return errors.New(strings.ReplaceAll(err.Error(), dir, "DIR"))
	}
}

// TestBadCorpus holds what is said about each bad configuration. No key is in
// it.
func TestBadCorpus(t *testing.T) {
	load := badDir(t)
	n := reftest.Bad(t, "testdata/bad.txt", func(text string) error {
		err := load(text)
		if err != nil && !strings.Contains(text, "key_file: Canary") && strings.Contains(err.Error(), "Canary") {
			t.Errorf("a secret is said: %v", err)
		}
		return err
	}, *update)
	if n < 80 {
		t.Errorf("%d bad configurations, want 80 at least", n)
	}
}
