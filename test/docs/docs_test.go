package docs

import (
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/kubebark/kubebark/test/docs/page"
)

// root is the checkout.
const root = "../.."

// walk calls f for each file of the repository that has the ending.
func walk(t *testing.T, ending string, f func(name string)) {
	t.Helper()
	err := filepath.WalkDir(root, func(path string, e fs.DirEntry, err error) error {
		switch {
		case err != nil:
			return err
		case e.IsDir() && slices.Contains([]string{".git", ".cache", "bin", "dist", "testdata", "node_modules"}, e.Name()):
			return fs.SkipDir
		case !e.IsDir() && strings.HasSuffix(path, ending):
			name, err := filepath.Rel(root, path)
			if err != nil {
				return err
			}
			f(name)
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
}

// pages are all of the repository's, by their names.
func pages(t *testing.T) map[string]*page.Page {
	t.Helper()
	all := make(map[string]*page.Page)
	walk(t, ".md", func(name string) {
		p, err := page.Read(root, name)
		if err != nil {
			t.Fatal(err)
		}
		all[name] = p
	})
	if len(all) < 20 {
		t.Fatalf("only %d pages", len(all))
	}
	return all
}

// TestLinks: what a page leads to within the repository is there, down to the
// heading.
func TestLinks(t *testing.T) {
	all := pages(t)
	n := 0
	for name, p := range all {
		for _, l := range p.Links {
			if strings.Contains(l.Target, "://") || strings.HasPrefix(l.Target, "mailto:") {
				continue
			}
			n++
			path, anchor, _ := strings.Cut(l.Target, "#")
			target := name
			if path != "" {
				target = filepath.Join(filepath.Dir(name), path)
			}
			if _, err := os.Stat(filepath.Join(root, target)); err != nil {
				t.Errorf("%s:%d leads to %s, which is not there", name, l.Line, l.Target)
				continue
			}
			if anchor != "" && !has(all[target], anchor) {
				t.Errorf("%s:%d leads to %s, but %s has no such heading", name, l.Line, l.Target, target)
			}
		}
	}
	if n < 100 {
		t.Errorf("only %d links", n)
	}
}

func has(p *page.Page, anchor string) bool {
	return p != nil && slices.ContainsFunc(p.Headings, func(h page.Heading) bool { return h.Anchor == anchor })
}

// TestCommands: each block of commands is run by a test, or a comment before it
// says what it needs that no test has.
func TestCommands(t *testing.T) {
	followed := map[string]string{}
	call := regexp.MustCompile(`page\.Steps\([^)]*"([^"]+)"\)`)
	walk(t, "_test.go", func(name string) {
		data, err := os.ReadFile(filepath.Join(root, name))
		if err != nil {
			t.Fatal(err)
		}
		for _, m := range call.FindAllStringSubmatch(string(data), -1) {
			followed[m[1]] = name
		}
	})
	if len(followed) < 3 {
		t.Errorf("only %v are followed", followed)
	}
	for name, p := range pages(t) {
		if name == chinese {
			continue // whose blocks are those of README.md
		}
		for _, b := range p.Blocks {
			if b.Commands() && b.Needs() == "" && followed[name] == "" {
				t.Errorf("%s:%d: no test follows this page; say <!-- needs: … --> before what cannot be run, or have one call page.Steps", name, b.Line)
			}
		}
	}
}

// TestIndex: docs/README.md leads to each page of docs, and to each folder that
// has some.
func TestIndex(t *testing.T) {
	all := pages(t)
	index := all["docs/README.md"]
	if index == nil {
		t.Fatal("there is no docs/README.md")
	}
	for name := range all {
		rest, ok := strings.CutPrefix(name, "docs/")
		if !ok || name == "docs/README.md" {
			continue
		}
		if dir := filepath.Dir(rest); dir != "." {
			rest = dir
		}
		if !slices.ContainsFunc(index.Links, func(l page.Link) bool { return l.Target == rest }) {
			t.Errorf("docs/README.md does not lead to %s", rest)
		}
	}
}
