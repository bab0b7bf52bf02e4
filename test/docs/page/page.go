// Package page reads the project's pages, which are Markdown, and does what they
// say.
//
// Commands, which are in blocks of sh or console, are run by a test in their order
// and as they stand, unless a comment before them says otherwise:
//
//	<!-- needs: a cluster -->   what no test has; nobody runs it
//	<!-- start -->              it goes on until the page is at its end
//
// A block after <!-- file: NAME --> is what the file NAME is to have, and a block of
// text right after commands what they print among other things; … in it is anything. A test in the
// folder above this one fails where a page has commands that are neither run nor
// marked.
package page

import (
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"unicode"
)

// A Page is a Markdown file.
type Page struct {
	Name     string // relative to the repository
	Blocks   []Block
	Headings []Heading
	Links    []Link
}

// A Block is a fenced one.
type Block struct {
	Page  string
	Line  int // of its beginning
	Lang  string
	Marks map[string]string // of the comments before it: "needs" → "a cluster"
	Text  string            // without the page's indentation
	Shows string            // what commands print
}

// A Heading is one of a page.
type Heading struct {
	Level  int
	Text   string
	Anchor string // as GitHub makes it
}

// A Link is what a page leads to or shows.
type Link struct {
	Line   int
	Target string
}

// Commands tells whether the block is something to type.
func (b *Block) Commands() bool {
	return slices.Contains([]string{"sh", "bash", "shell", "console"}, b.Lang)
}

// Needs is what the block needs that no test has; "" for nothing.
func (b *Block) Needs() string { return b.Marks["needs"] }

// Read reads a page of the repository that root is the path of.
func Read(root, name string) (*Page, error) {
	data, err := os.ReadFile(filepath.Join(root, name))
	if err != nil {
		return nil, err
	}
	return parse(name, string(data))
}

// Steps are what a reader of the page does: the files and commands, but for those
// that need what no test has.
func Steps(root, name string) ([]Block, error) {
	p, err := Read(root, name)
	if err != nil {
		return nil, err
	}
	steps := slices.DeleteFunc(p.Blocks, func(b Block) bool {
		_, file := b.Marks["file"]
		return b.Needs() != "" || !b.Commands() && !file
	})
	if len(steps) == 0 {
		return nil, fmt.Errorf("%s has nothing to do", name)
	}
	return steps, nil
}

func parse(name, text string) (*Page, error) {
	p := &Page{Name: name}
	var open *Block
	var indent string
	var marks map[string]string
	after := false // nothing has come since the last block
	for i, line := range strings.Split(text, "\n") {
		bare := strings.TrimLeft(line, " ")
		switch {
		case open != nil && strings.HasPrefix(bare, "```"):
			if n := len(p.Blocks); open.Lang == "text" && after && n > 0 && p.Blocks[n-1].Commands() {
				p.Blocks[n-1].Shows = open.Text
			}
			p.Blocks = append(p.Blocks, *open)
			open, after = nil, true
		case open != nil:
			open.Text += strings.TrimPrefix(line, indent) + "\n"
		case strings.HasPrefix(bare, "```"):
			indent = line[:len(line)-len(bare)]
			open = &Block{Page: name, Line: i + 1, Lang: strings.TrimPrefix(bare, "```"), Marks: marks}
			marks = nil
		case mark.MatchString(bare):
			m := mark.FindStringSubmatch(bare)
			if marks == nil {
				marks = map[string]string{}
			}
			marks[m[1]] = m[2]
		default:
			marks, after = nil, after && bare == ""
			p.read(i+1, line)
		}
	}
	if open != nil {
		return nil, fmt.Errorf("%s:%d: a block that does not end", name, open.Line)
	}
	return p, nil
}

var (
	mark    = regexp.MustCompile(`^<!-- (\w+)(?:: (.*?))? -->$`)
	heading = regexp.MustCompile(`^(#{1,6}) (.+)$`)
	code    = regexp.MustCompile("`[^`]*`")
	link    = regexp.MustCompile(`\]\(([^)\s]+)(?: "[^"]*")?\)|^\[[^\]]+\]: (\S+)|(?:src|srcset|href)="([^"]+)"`)
)

// read takes what a line outside of blocks has.
func (p *Page) read(number int, line string) {
	if m := heading.FindStringSubmatch(line); m != nil {
		h := Heading{Level: len(m[1]), Text: m[2], Anchor: anchor(m[2])}
		n := 0
		for _, other := range p.Headings {
			if anchor(other.Text) == h.Anchor {
				n++
			}
		}
		if n > 0 {
			h.Anchor = fmt.Sprintf("%s-%d", h.Anchor, n)
		}
		p.Headings = append(p.Headings, h)
	}
	for _, m := range link.FindAllStringSubmatch(code.ReplaceAllString(line, ""), -1) {
		p.Links = append(p.Links, Link{Line: number, Target: m[1] + m[2] + m[3]})
	}
}

// anchor is what GitHub makes of a heading.
func anchor(text string) string {
	return strings.Map(func(r rune) rune {
		switch {
		case r == ' ':
			return '-'
		case r == '-' || r == '_' || unicode.IsLetter(r) || unicode.IsNumber(r) || unicode.IsMark(r):
			return unicode.ToLower(r)
		}
		return -1
	}, linked.ReplaceAllString(text, "$1"))
}

var linked = regexp.MustCompile(`\[([^\]]*)\]\([^)]*\)`)
