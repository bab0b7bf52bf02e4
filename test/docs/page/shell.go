package page

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/kubebark/kubebark/test/testbed"
)

// A Shell does what pages say.
type Shell struct {
	Dir string   // where it is
	Bin []string // folders whose programs are found first
	Env []string // beside this process's
	// Instead changes what a test cannot take as it stands, such as ports that
	// others may have; nil for nothing.
	Instead *strings.Replacer
	// Started waits until what a step has started is ready.
	Started func(p *testbed.Process, command string)
}

// Follow does the steps in their order. What they start ends with the test.
func (s *Shell) Follow(t *testing.T, steps []Block) {
	t.Helper()
	for i := range steps {
		s.step(t, &steps[i])
	}
}

func (s *Shell) step(t *testing.T, b *Block) {
	t.Helper()
	text := b.Text
	if s.Instead != nil {
		text = s.Instead.Replace(text)
	}
	name, file := b.Marks["file"]
	_, start := b.Marks["start"]
	switch {
	case file:
		if err := os.WriteFile(filepath.Join(s.Dir, name), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	case start:
		s.start(t, b, text)
	default:
		out, err := s.Run(t.Context(), text)
		if err != nil {
			t.Fatalf("%s:%d:\n%s%v\n%s", b.Page, b.Line, text, err, out)
		}
		for line := range strings.Lines(b.Shows) {
			if !prints(out, strings.TrimSpace(line)) {
				t.Errorf("%s:%d:\n%sdoes not print\n%sbut\n%s", b.Page, b.Line, text, line, out)
			}
		}
	}
}

// prints tells whether a line is in what was printed; … in it is anything.
func prints(out, line string) bool {
	parts := strings.Split(line, "…")
	for i := range parts {
		parts[i] = regexp.QuoteMeta(parts[i])
	}
	return regexp.MustCompile(strings.Join(parts, ".*")).MatchString(out)
}

// Run runs a script and returns what it has printed.
func (s *Shell) Run(ctx context.Context, script string) (string, error) {
	cmd := exec.CommandContext(ctx, "bash", "-euo", "pipefail", "-c", script) //nolint:gosec // what the project's own pages say
	cmd.Dir, cmd.Env = s.Dir, s.env()
	out, err := cmd.CombinedOutput()
	return string(out), err
}

func (s *Shell) start(t *testing.T, b *Block, command string) {
	t.Helper()
	p, err := testbed.Run(testbed.Command{
		Name: fmt.Sprintf("line-%d", b.Line), Path: "/bin/bash", Dir: t.TempDir(),
		Args: []string{"-euc", `cd "$1" && exec ` + command, "bash", s.Dir}, Env: s.env(),
	})
	if err != nil {
		t.Fatalf("%s:%d: %v", b.Page, b.Line, err)
	}
	testbed.Attach(t, p)
	s.Started(p, command)
}

// env has no marks of the make that runs the tests, which the page's own would
// take for its parent.
func (s *Shell) env() []string {
	path := strings.Join(append(s.Bin, os.Getenv("PATH")), ":")
	return append(os.Environ(), append([]string{"PATH=" + path, "MAKEFLAGS=", "MAKELEVEL=", "MFLAGS="}, s.Env...)...)
}
