package main

import (
	"testing"

	"github.com/kubebark/kubebark/internal/conf"
	"github.com/kubebark/kubebark/internal/conf/reference/reftest"
)

// TestBadCorpus holds what is said about each bad configuration.
func TestBadCorpus(t *testing.T) {
	n := reftest.Bad(t, "testdata/bad.txt", func(config string) error {
		c, err := loadConfig("", nil)
		if err != nil {
			return err
		}
		return conf.Parse("c.yml", []byte(config), c)
	}, *update)
	if n < 100 {
		t.Errorf("%d bad configurations, want 100 at least", n)
	}
}

// FuzzConfig: no configuration brings the program down.
func FuzzConfig(f *testing.F) {
	f.Add([]byte("alerts:\n  rules:\n  - {matchers: ['reason=\"A\"'], labels: {a: '{{ .Kind }}'}}\n"))
	f.Add([]byte("alerting: {alertmanagers: [{url: 'http://a', basic_auth: {username: x}}]}\nmetrics: {series_ttl: 1d}\n"))
	f.Add([]byte("a: &a [*a]"))
	f.Fuzz(func(t *testing.T, data []byte) {
		c, err := loadConfig("", nil)
		if err != nil {
			t.Fatal(err)
		}
		if err := conf.Parse("c.yml", data, c); err != nil && err.Error() == "" {
			t.Error("an error that says nothing")
		}
	})
}
