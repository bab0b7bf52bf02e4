package docs

import (
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/kubebark/kubebark/test/docs/page"
)

const english, chinese = "README.md", "README.zh-CN.md"

// shape is what a page and its translation have in common.
type shape struct {
	Levels []int    // of headings
	Blocks []string // word for word
	Links  []string
}

// TestChinese: README.zh-CN.md has the headings, blocks and links of README.md in
// the same order; each leads to the other.
func TestChinese(t *testing.T) {
	all := pages(t)
	want, got := outline(all[english]), outline(all[chinese])
	if i := slices.Index(want.Links, chinese); i < 0 || i >= len(got.Links) || got.Links[i] != english {
		t.Errorf("%s and %s do not lead to each other", english, chinese)
	} else {
		got.Links[i] = chinese
	}
	if d := cmp.Diff(want, got); d != "" {
		t.Errorf("-%s +%s\n%s", english, chinese, d)
	}
}

func outline(p *page.Page) shape {
	var s shape
	for _, h := range p.Headings {
		s.Levels = append(s.Levels, h.Level)
	}
	for _, b := range p.Blocks {
		if b.Lang != "mermaid" { // whose words are translated
			s.Blocks = append(s.Blocks, b.Marks["needs"]+"\n"+b.Text)
		}
	}
	for _, l := range p.Links {
		s.Links = append(s.Links, l.Target)
	}
	return s
}
