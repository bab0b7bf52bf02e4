package logging

import (
	"bytes"
	"strings"
	"testing"

	"github.com/go-kit/log/level"
)

func TestOneSink(t *testing.T) {
	var buf bytes.Buffer
	c := Config{Level: "warn", Format: "logfmt"}
	base := New(&buf, c)
	l, s := WithTime(base), Slog(base, c)
	level.Info(l).Log("msg", "quiet")
	s.Info("quiet too")
	level.Warn(l).Log("msg", "one")
	s.Error("two", "n", 2)
	lines := strings.Split(strings.TrimSpace(buf.String()), "\n")
	if len(lines) != 2 {
		t.Fatalf("%d lines: %q", len(lines), lines)
	}
	for i, want := range []string{"level=warn", "level=error"} {
		if !strings.HasPrefix(lines[i], want) || !strings.Contains(lines[i], "caller=logging_test.go:") || strings.Count(lines[i], "time=") != 1 {
			t.Errorf("line %d: %s", i, lines[i])
		}
	}
}

func TestJSON(t *testing.T) {
	var buf bytes.Buffer
	level.Info(New(&buf, Config{Format: "json"})).Log("msg", "hello")
	if got := strings.TrimSpace(buf.String()); got != `{"level":"info","msg":"hello"}` {
		t.Errorf("%s", got)
	}
}
