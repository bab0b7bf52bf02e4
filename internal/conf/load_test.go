package conf

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

type sample struct {
	Limit int      `yaml:"limit"`
	On    bool     `yaml:"on"`
	Wait  Duration `yaml:"wait"`
	Rules []rule   `yaml:"rules"`
}

type rule struct {
	Matchers []string `yaml:"matchers"`
}

func (s *sample) Validate() error {
	var errs []error
	if s.Limit < 0 {
		errs = append(errs, Field(errors.New("must not be negative"), "limit"))
	}
	for i, r := range s.Rules {
		errs = append(errs, Field(r.validate(), "rules", fmt.Sprint(i)))
	}
	return errors.Join(errs...)
}

func (r *rule) validate() error {
	if len(r.Matchers) == 0 {
		return Field(errors.New("at least one is needed"), "matchers")
	}
	return nil
}

func TestParse(t *testing.T) {
	got := sample{Limit: 7}
	if err := Parse("c.yml", []byte("wait: 1h30m\nrules: [{matchers: [a]}]"), &got); err != nil {
		t.Fatal(err)
	}
	want := sample{Limit: 7, Wait: Duration(90 * time.Minute), Rules: []rule{{[]string{"a"}}}}
	if d := cmp.Diff(want, got); d != "" {
		t.Errorf("(-want +got)\n%s", d)
	}
	if err := Parse("c.yml", nil, &got); err != nil {
		t.Errorf("an empty file: %v", err)
	}
}

func TestParseFaults(t *testing.T) {
	for _, tt := range []struct{ name, in, want string }{
		{"unknown key", "limit: 1\nlimits: 2", `c.yml:2: unknown key "limits"`},
		{"unknown nested key", "rules:\n- matcher: [a]", `c.yml:2: unknown key "matcher"`},
		{"same key twice", "limit: 1\nlimit: 2", `c.yml:2: mapping key "limit" already defined at line 1`},
		{"bad duration", "limit: 1\nwait: 5 minutes", `c.yml:2: want a duration such as 30s, 5m or 1h30m, have "5 minutes"`},
		{"wrong type", "limit: many", "c.yml:1: want a whole number, have the text `many`"},
		{"list wanted", "rules:\n  matchers: x", `c.yml:2: want a list, have a mapping`},
		{"an empty item", "rules:\n- matchers: [a]\n-", `c.yml:3: rules.1: is empty`},
		{"an empty item within", "rules:\n- matchers:\n  - a\n  - # b\n  - ~", "c.yml:4: rules.0.matchers.1: is empty\nc.yml:5: rules.0.matchers.2: is empty"},
		{"no YAML", "limit: [1", `c.yml:1: did not find expected ',' or ']': a bracket that was opened is not closed`},
		{"two documents", "limit: 1\n---\nlimit: 2", `c.yml: a second YAML document begins here; a configuration is one document`},
		{"two faults", "limit: -1\nrules:\n- matchers: [a]\n- {}", "c.yml:1: limit: must not be negative\nc.yml:4: rules.1.matchers: at least one is needed"},
		{"two type faults", "on: perhaps\nwait: x", "c.yml:1: want true or false, have the text `perhaps`\nc.yml:2: want a duration such as 30s, 5m or 1h30m, have \"x\""},
	} {
		t.Run(tt.name, func(t *testing.T) {
			err := Parse("c.yml", []byte(tt.in), new(sample))
			if err == nil {
				t.Fatal("no error")
			}
			if d := cmp.Diff(tt.want, err.Error()); d != "" {
				t.Errorf("(-want +got)\n%s", d)
			}
		})
	}
}

func TestHugeFile(t *testing.T) {
	file := filepath.Join(t.TempDir(), "c.yml")
	if err := os.WriteFile(file, make([]byte, maxFile+1), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := Load(file, new(sample)); err == nil || !strings.Contains(err.Error(), "more than 4 MiB") {
		t.Errorf("error %v", err)
	}
}

// TestBombOfAliases: it is refused in no time, even where lists of lists are what
// is wanted.
func TestBombOfAliases(t *testing.T) {
	bomb := "a: &a [x,x,x,x,x,x,x,x,x,x]\n"
	for c := 'b'; c < 'k'; c++ {
		bomb += fmt.Sprintf("%c: &%[1]c [%s]\n", c, strings.TrimSuffix(strings.Repeat(fmt.Sprintf("*%c,", c-1), 10), ","))
	}
	v := map[string]any{}
	if err := Parse("c.yml", []byte(bomb), &v); err == nil || !strings.Contains(err.Error(), "excessive aliasing") {
		t.Errorf("error %v", err)
	}
}

func TestLoadMissingFile(t *testing.T) {
	err := Load(t.TempDir()+"/none.yml", new(sample))
	if err == nil {
		t.Error("no error for a file that is not there")
	}
	if err := Load("", new(sample)); err != nil {
		t.Errorf("no file at all: %v", err)
	}
}
