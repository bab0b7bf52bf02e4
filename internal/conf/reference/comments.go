package reference

import (
	"context"
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"os"
	"os/exec"
	"path/filepath"
	"reflect"
	"regexp"
	"strings"
	"unicode"
	"unicode/utf8"
)

// comments are the doc comments of types, by package and name.
type comments map[string]map[string]typeDoc

type typeDoc struct {
	text   string
	fields map[string]string
}

// of returns the comments of a type.
func (c comments) of(t reflect.Type, module string) (typeDoc, error) {
	pkg := t.PkgPath()
	if _, ok := c[pkg]; !ok {
		dir, err := source(pkg, module)
		if err != nil {
			return typeDoc{}, err
		}
		if c[pkg], err = read(dir); err != nil {
			return typeDoc{}, fmt.Errorf("read the comments of %s: %w", pkg, err)
		}
	}
	d := c[pkg][t.Name()]
	d.text = plain(d.text, nil, t)
	return d, nil
}

// source returns the folder of a package. Only for another module's the go
// command is asked, which takes its time.
func source(pkg, module string) (string, error) {
	if within, ok := strings.CutPrefix(pkg, module); ok {
		root, err := filepath.Abs(".")
		for err == nil && root != filepath.Dir(root) {
			if _, err := os.Stat(filepath.Join(root, "go.mod")); err == nil {
				return filepath.Join(root, within), nil
			}
			root = filepath.Dir(root)
		}
		return "", fmt.Errorf("no go.mod above the working directory (%w)", err)
	}
	dir, err := exec.CommandContext(context.Background(), "go", "list", "-f", "{{.Dir}}", pkg).Output() //nolint:gosec // a package's path, in a test
	if err != nil {
		return "", fmt.Errorf("go list %s: %w", pkg, err)
	}
	return strings.TrimSpace(string(dir)), nil
}

// read reads the comments in a package's source.
func read(dir string) (map[string]typeDoc, error) {
	files, err := filepath.Glob(filepath.Join(dir, "*.go"))
	if err != nil {
		return nil, err
	}
	docs := map[string]typeDoc{}
	for _, file := range files {
		if strings.HasSuffix(file, "_test.go") {
			continue
		}
		f, err := parser.ParseFile(token.NewFileSet(), file, nil, parser.ParseComments|parser.SkipObjectResolution)
		if err != nil {
			return nil, err
		}
		for _, d := range f.Decls {
			if g, ok := d.(*ast.GenDecl); ok {
				declared(g, docs)
			}
		}
	}
	return docs, nil
}

func declared(g *ast.GenDecl, docs map[string]typeDoc) {
	for _, s := range g.Specs {
		ts, ok := s.(*ast.TypeSpec)
		if !ok {
			continue
		}
		d := typeDoc{text: ts.Doc.Text(), fields: map[string]string{}}
		if d.text == "" {
			d.text = g.Doc.Text()
		}
		if st, ok := ts.Type.(*ast.StructType); ok {
			for _, f := range st.Fields.List {
				text := f.Doc.Text()
				if text == "" {
					text = f.Comment.Text()
				}
				for _, name := range f.Names {
					d.fields[name.Name] = text
				}
			}
		}
		docs[ts.Name.Name] = d
	}
}

var (
	sentences = regexp.MustCompile(`([.:])\s+`)
	forGo     = regexp.MustCompile(`the section [a-z]+ of`)
)

// plain makes of a comment for programmers one for users: without the name of
// the field or type that it begins with, and with keys in place of the names of
// other fields. f is nil for a type.
func plain(text string, f *reflect.StructField, t reflect.Type) string {
	text = strings.Join(strings.Fields(text), " ")
	if f != nil {
		text = strings.TrimPrefix(text, f.Name+" ")
		for o := range t.Fields() {
			key, _, _ := strings.Cut(o.Tag.Get("yaml"), ",")
			if key != "" && strings.Contains(key, "_") {
				text = regexp.MustCompile(`\b`+o.Name+`\b`).ReplaceAllLiteralString(text, "`"+key+"`")
			}
		}
	} else {
		text = strings.TrimPrefix(text, t.Name()+" ")
	}
	text = strings.TrimPrefix(strings.TrimPrefix(text, "is "), "are ")
	var kept []string
	for s := range strings.SplitSeq(sentences.ReplaceAllString(text, "$1\x00"), "\x00") {
		if !forGo.MatchString(s) {
			kept = append(kept, s)
		}
	}
	text = strings.Join(kept, " ")
	if text == "" {
		return ""
	}
	first, size := utf8.DecodeRuneInString(text)
	text = string(unicode.ToUpper(first)) + text[size:]
	if !strings.HasSuffix(text, ".") {
		text += "."
	}
	return text
}
