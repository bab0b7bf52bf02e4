// Package reftest holds a program's JSON Schema and manual against the program
// itself: both must be what the types say, and the schema must agree with the
// parser about what is a good file.
package reftest

import (
	"bytes"
	"encoding/json"
	"errors"
	"os"
	"regexp"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/santhosh-tekuri/jsonschema/v6"
	"gopkg.in/yaml.v3"

	"github.com/kubebark/kubebark/internal/conf"
	"github.com/kubebark/kubebark/internal/conf/reference"
)

// File fails where a file is not as it should be, or writes it so.
func File(t *testing.T, path string, want []byte, update bool) {
	t.Helper()
	if update {
		if err := os.WriteFile(path, want, 0o644); err != nil { //nolint:gosec // it is part of the repository
			t.Fatal(err)
		}
		return
	}
	got, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if d := cmp.Diff(string(want), string(got)); d != "" {
		t.Errorf("%s is stale; make generate writes it anew (-want +got)\n%s", path, d)
	}
}

// Blocks does what [File] does for blocks of a document, by their names.
func Blocks(t *testing.T, path string, blocks map[string]string, update bool) {
	t.Helper()
	b, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	document := string(b)
	for name, text := range blocks {
		if document, err = reference.Put(document, name, text); err != nil {
			t.Fatalf("%s: %v", path, err)
		}
	}
	File(t, path, []byte(document), update)
}

var yamlBlock = regexp.MustCompile("(?s)```yaml\n(.*?)\n *```")

// Examples returns the YAML blocks of a document that begin with one of the
// keys.
func Examples(t *testing.T, path string, keys ...string) []string {
	t.Helper()
	b, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	var all []string
	for _, m := range yamlBlock.FindAllStringSubmatch(string(b), -1) {
		text := dedent(m[1])
		for _, k := range keys {
			if strings.HasPrefix(text, k+":") {
				all = append(all, text)
			}
		}
	}
	if len(all) == 0 {
		t.Fatalf("%s has no example", path)
	}
	return all
}

// dedent takes the first line's indentation off all.
func dedent(text string) string {
	by := text[:len(text)-len(strings.TrimLeft(text, " "))]
	return strings.TrimPrefix(strings.ReplaceAll(text, "\n"+by, "\n"), by)
}

// Schema is a schema to hold files against.
type Schema struct{ compiled *jsonschema.Schema }

// Compile reads a file with a schema, which must be one by draft 7's own.
func Compile(t *testing.T, path string) Schema {
	t.Helper()
	b, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	doc, err := jsonschema.UnmarshalJSON(bytes.NewReader(b))
	if err != nil {
		t.Fatal(err)
	}
	c := jsonschema.NewCompiler()
	if err := c.AddResource("schema.json", doc); err != nil {
		t.Fatal(err)
	}
	s, err := c.Compile("schema.json")
	if err != nil {
		t.Fatal(err)
	}
	return Schema{s}
}

// Check returns what the schema has against a file.
func (s Schema) Check(t *testing.T, file string) error {
	t.Helper()
	var v any
	if err := yaml.Unmarshal([]byte(file), &v); err != nil {
		t.Fatalf("%v in\n%s", err, file)
	}
	if v == nil {
		v = map[string]any{} // an empty file is one without keys
	}
	b, err := json.Marshal(v)
	if err != nil {
		t.Fatal(err)
	}
	if v, err = jsonschema.UnmarshalJSON(bytes.NewReader(b)); err != nil {
		t.Fatal(err)
	}
	return s.compiled.Validate(v)
}

// Agree holds that the schema takes a good file, as load does, and that they
// agree about each file that differs from it in one place: what load takes the
// schema takes, and what load refuses for its form the schema refuses.
func (s Schema) Agree(t *testing.T, file string, load func(file string) error) {
	t.Helper()
	if err := load(file); err != nil {
		t.Fatalf("%v in\n%s", err, file)
	}
	if err := s.Check(t, file); err != nil {
		t.Errorf("%v in\n%s", err, file)
	}
	refused := 0
	for _, m := range spoil(t, file) {
		fault, complaint := load(m.file), s.Check(t, m.file)
		if fault == nil && complaint != nil {
			t.Errorf("%s: the program takes it, but: %v", m.how, complaint)
		}
		if ofForm(fault) {
			refused++
			if complaint == nil {
				t.Errorf("%s: the schema takes it, but: %v", m.how, fault)
			}
		}
	}
	if refused == 0 {
		t.Error("no change was refused")
	}
}

// ofForm tells whether a file was refused for what a schema can see: unknown
// keys, values of another kind, and what is missing.
func ofForm(err error) bool {
	var e *conf.Error
	if !errors.As(err, &e) {
		return false
	}
	for _, f := range e.Faults {
		if f.Key == "" && f.Line > 0 || strings.Contains(f.Text, "is needed") {
			return true
		}
	}
	return false
}
