package barkreceiver

import (
	"encoding/json"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/google/go-cmp/cmp"

	"github.com/kubebark/kubebark/barkreceiver/config"
	"github.com/kubebark/kubebark/barkreceiver/render"
)

const docs = "../docs/receiver*.md"

var (
	example  = regexp.MustCompile("(?s)<!-- example: (\\w+) -->\n *```yaml\n(.*?)\n *```")
	rendered = regexp.MustCompile("(?s)(<!-- rendered: (\\w+) -->\n```json\n)(.*?)```")
)

// The examples of the manual load, and what they render to is what is shown.
func TestDocs(t *testing.T) {
	paths, err := filepath.Glob(docs)
	if err != nil {
		t.Fatal(err)
	}
	examples := map[string]string{"defaults": "receivers: [{name: phones, devices: [{name: alice, key_file: keys/alice}]}]"}
	var pages []string
	for _, path := range paths {
		page, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		for _, m := range example.FindAllStringSubmatch(string(page), -1) {
			examples[m[1]] = m[2]
		}
		pages = append(pages, string(page))
	}
	for _, text := range examples {
		if !strings.Contains(text, "receivers:") { // a part only
			text += "\n" + examples["defaults"]
		}
		loadExample(t, text)
	}
	for i, page := range pages {
		got := rendered.ReplaceAllStringFunc(page, func(block string) string {
			m := rendered.FindStringSubmatch(block)
			text, ok := examples[m[2]]
			if !ok {
				t.Fatalf("no example %q", m[2])
			}
			return m[1] + renderExample(t, text) + "```"
		})
		if *update {
			if err := os.WriteFile(paths[i], []byte(got), 0o600); err != nil {
				t.Fatal(err)
			}
		} else if d := cmp.Diff(page, got); d != "" {
			t.Errorf("%s is stale; run go test ./barkreceiver -update (-page +now)\n%s", paths[i], d)
		}
	}
	manual := strings.Join(pages, "")
	for _, name := range render.ParamNames() {
		if !strings.Contains(manual, "`"+name+"`") {
			t.Errorf("the parameter %s is not in the manual", name)
		}
	}
}

func loadExample(t *testing.T, text string) *config.Config {
	t.Helper()
	dir := t.TempDir()
	for name, content := range map[string]string{"c.yml": text, "alice.key": keyAlice, "silence.key": strings.Repeat("s", 32), "webhook.token": strings.Repeat("t", 32), "keys/alice": keyAlice, "keys/alice.public": keyAlice + "2", "keys/bob": keyBob, "keys/bob.aes": strings.Repeat("k", 32)} {
		if err := os.MkdirAll(filepath.Join(dir, "keys"), 0o700); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(filepath.Join(dir, name), []byte(content), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	c, _, err := config.Load(filepath.Join(dir, "c.yml"))
	if err != nil {
		t.Fatal(err)
	}
	return c
}

// renderExample renders a group of three alerts, the highest of them critical.
func renderExample(t *testing.T, text string) string {
	t.Helper()
	c := loadExample(t, text)
	m := render.Samples(noon())[1].Message
	m.Alerts[0].Labels["severity"] = "critical"
	delete(m.CommonLabels, "severity")
	m.CommonLabels["team"] = "payments"
	requests, err := Requests(c.Receivers[0], render.Input{Message: m, Now: noon()})
	if err != nil || len(requests) != 1 {
		t.Fatalf("%d requests, error %v", len(requests), err)
	}
	pretty := new(strings.Builder)
	enc := json.NewEncoder(pretty)
	enc.SetEscapeHTML(false)
	enc.SetIndent("", "  ")
	if err := enc.Encode(requests[0]); err != nil || !utf8.ValidString(pretty.String()) {
		t.Fatal(err)
	}
	return pretty.String()
}
