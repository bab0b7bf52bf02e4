package reference

import (
	"encoding/json"
	"reflect"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/kubebark/kubebark/internal/conf"
)

const module = "github.com/kubebark/kubebark"

type colour string

func (colour) Values() []string { return []string{"red", "blue"} }

type clock int

type inner struct {
	URL  string        `yaml:"url" conf:"required"`
	Wait conf.Duration `yaml:"wait"`
}

// UnmarshalYAML sets the defaults.
func (i *inner) UnmarshalYAML(unmarshal func(any) error) error {
	type plain inner
	*i = inner{Wait: 60e9}
	return unmarshal((*plain)(i))
}

type sample struct {
	Limit  int               `yaml:"limit" conf:"min=1"`
	Colour colour            `yaml:"colour"`
	On     bool              `yaml:"on"`
	At     clock             `yaml:"at"`
	Names  []string          `yaml:"names" conf:"required"`
	Labels map[string]string `yaml:"labels"`
	Items  []inner           `yaml:"items"`
	One    *inner            `yaml:"one"`
	Hidden string            `yaml:"-"`

	inside int
}

func described(t *testing.T) *Node {
	t.Helper()
	n, err := Describe(&sample{Limit: 7, Colour: "red", inside: 1}, Options{
		Module: module, Values: map[string][]string{"names[]": {"a", "b"}},
		Types: map[reflect.Type]Node{reflect.TypeFor[clock](): {Kind: Text, Pattern: "^[0-9]+$"}},
	})
	if err != nil {
		t.Fatal(err)
	}
	return n
}

func TestMarkdown(t *testing.T) {
	const want = `| key | type | default | meaning |
| --- | --- | --- | --- |
| ''limit'' | whole number | ''7'' |  |
| ''colour'' | ''red'', ''blue'' | ''red'' |  |
| ''on'' | ''true'' or ''false'' | ''false'' |  |
| ''at'' | text |  |  |
| ''names'' | list of ''a'', ''b'' | required |  |
| ''labels'' | mapping of texts |  |  |
| ''items'' | list of sections |  |  |
| ''one'' | section |  |  |

#### ''items[]''

| key | type | default | meaning |
| --- | --- | --- | --- |
| ''url'' | text | required |  |
| ''wait'' | duration | ''1m'' |  |

#### ''one''

| key | type | default | meaning |
| --- | --- | --- | --- |
| ''url'' | text | required |  |
| ''wait'' | duration | ''1m'' |  |
`
	if d := cmp.Diff(strings.ReplaceAll(want, "''", "`"), described(t).Markdown()); d != "" {
		t.Errorf("(-want +got)\n%s", d)
	}
}

func TestSchema(t *testing.T) {
	b, err := described(t).Schema("Sample")
	if err != nil {
		t.Fatal(err)
	}
	var got struct {
		Required   []string
		Properties map[string]map[string]any
	}
	if err := json.Unmarshal(b, &got); err != nil {
		t.Fatal(err)
	}
	type o = map[string]any
	want := map[string]map[string]any{
		"limit":  {"type": []any{"integer", "null"}, "minimum": 1.0, "default": 7.0},
		"colour": {"enum": []any{"red", "blue", nil}, "default": "red"},
		"on":     {"type": []any{"boolean", "null"}, "default": false},
		"at":     {"type": []any{"string", "null"}, "pattern": "^[0-9]+$"},
		"names":  {"type": []any{"array"}, "minItems": 1.0, "items": o{"enum": []any{"a", "b"}}},
		"labels": {"type": []any{"object", "null"}, "additionalProperties": o{"type": []any{"string", "number", "boolean", "null"}}},
	}
	delete(got.Properties, "items")
	delete(got.Properties, "one")
	if d := cmp.Diff(want, got.Properties); d != "" || len(got.Required) != 1 {
		t.Errorf("required %v (-want +got)\n%s", got.Required, d)
	}
}

// TestPlain has a row for each way in which a comment is written.
func TestPlain(t *testing.T) {
	type fields struct {
		Some    int `yaml:"some"`
		WaitFor int `yaml:"wait_for"`
	}
	typ := reflect.TypeFor[fields]()
	f, _ := typ.FieldByName("Some")
	for _, tt := range []struct{ in, want string }{
		{"", ""},
		{"Some is how many there are.", "How many there are."},
		{"Some are counted\n\tbeside WaitFor.", "Counted beside `wait_for`."},
		{"for people", "For people."},
		{"Some has Waiters.", "Has Waiters."},
		{"Some bounds it. It is the section x of the configuration.", "Bounds it."},
	} {
		if got := plain(tt.in, &f, typ); got != tt.want {
			t.Errorf("%q: %q, want %q", tt.in, got, tt.want)
		}
	}
}

func TestDescribeFaults(t *testing.T) {
	for _, tt := range []struct {
		name string
		v    any
		o    Options
		want string
	}{
		{"no such path", &sample{}, Options{Values: map[string][]string{"name": {"a"}}}, "there is no text at name"},
		{"unknown tag", &struct {
			A int `yaml:"a" conf:"need"`
		}{}, Options{}, `there is no tag conf:"need"`},
		{"bad number", &struct {
			A int `yaml:"a" conf:"min=x"`
		}{}, Options{}, "tag conf: "},
		{"channel", &struct {
			A chan int `yaml:"a"`
		}{}, Options{}, "a chan int cannot be described"},
	} {
		tt.o.Module = module
		if _, err := Describe(tt.v, tt.o); err == nil || !strings.Contains(err.Error(), tt.want) {
			t.Errorf("%s: %v, want %s", tt.name, err, tt.want)
		}
	}
}

func TestPut(t *testing.T) {
	const doc = "a\n<!-- generated: x -->\nold\n<!-- end of x -->\nb"
	got, err := Put(doc, "x", "\nnew\n")
	if want := strings.ReplaceAll(doc, "old", "\nnew\n"); err != nil || got != want {
		t.Errorf("%q, %v, want %q", got, err, want)
	}
	if again, err := Put(got, "x", "new"); err != nil || again != got {
		t.Errorf("%q, %v", again, err)
	}
	if _, err := Put(doc, "y", "new"); err == nil {
		t.Error("a block that is not there was found")
	}
}
