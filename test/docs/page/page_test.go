package page

import (
	"testing"

	"github.com/google/go-cmp/cmp"
)

const sample = "# A `b`, c\n\n" +
	"See [this](other.md#part), [that][x] and `[not](this.md)`.\n\n[x]: that.md\n\n" +
	"<img src=\"a.png\">\n\n## 部署 k3s\n## 部署 k3s\n\n" +
	"1. Do:\n\n   <!-- start -->\n   ```sh\n   run \\\n     it\n   ```\n\n" +
	"<!-- needs: a cluster -->\n```console\n$ x\n# no heading\n```\n" +
	"<!-- file: a.yml -->\n<!-- example: a -->\n```yaml\na: 1\n```\n" +
	"<!-- needs: y -->\ntext\n```sh\nls\n```\n\n```text\na … b\n```\n"

func TestParse(t *testing.T) {
	got, err := parse("a.md", sample)
	if err != nil {
		t.Fatal(err)
	}
	want := &Page{
		Name: "a.md",
		Blocks: []Block{
			{Page: "a.md", Line: 15, Lang: "sh", Marks: map[string]string{"start": ""}, Text: "run \\\n  it\n"},
			{Page: "a.md", Line: 21, Lang: "console", Marks: map[string]string{"needs": "a cluster"}, Text: "$ x\n# no heading\n"},
			{Page: "a.md", Line: 27, Lang: "yaml", Marks: map[string]string{"file": "a.yml", "example": "a"}, Text: "a: 1\n"},
			{Page: "a.md", Line: 32, Lang: "sh", Text: "ls\n", Shows: "a … b\n"},
			{Page: "a.md", Line: 36, Lang: "text", Text: "a … b\n"},
		},
		Headings: []Heading{{1, "A `b`, c", "a-b-c"}, {2, "部署 k3s", "部署-k3s"}, {2, "部署 k3s", "部署-k3s-1"}},
		Links:    []Link{{3, "other.md#part"}, {5, "that.md"}, {7, "a.png"}},
	}
	if d := cmp.Diff(want, got); d != "" {
		t.Errorf("-want +got\n%s", d)
	}
}

func TestPrints(t *testing.T) {
	for line, want := range map[string]bool{"a … c": true, "a … d": false, "b": true, "a.b": false} {
		if got := prints("x\na b c\n", line); got != want {
			t.Errorf("%q: %v", line, got)
		}
	}
}

func TestUnended(t *testing.T) {
	if _, err := parse("a.md", "```sh\nls\n"); err == nil || err.Error() != "a.md:1: a block that does not end" {
		t.Errorf("error %v", err)
	}
}
