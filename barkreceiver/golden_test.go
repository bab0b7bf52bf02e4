package barkreceiver

import (
	"bytes"
	"encoding/json"
	"flag"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/kubebark/kubebark/barkreceiver/config"
	"github.com/kubebark/kubebark/barkreceiver/push"
	"github.com/kubebark/kubebark/barkreceiver/render"
	"github.com/kubebark/kubebark/barkreceiver/seal"
	"github.com/kubebark/kubebark/barkreceiver/webhook"
)

var update = flag.Bool("update", false, "rewrite the golden files")

// noon is the time at which golden files are rendered.
func noon() time.Time { return time.Date(2026, 11, 25, 12, 0, 0, 0, time.UTC) }

// A case is a message NAME.in.json, what it comes to in NAME.want.json, and
// where the configuration matters NAME.yml.
func TestGolden(t *testing.T) {
	files, err := filepath.Glob("testdata/golden/*.in.json")
	if err != nil || len(files) < 25 {
		t.Fatalf("%d cases, error %v", len(files), err)
	}
	for _, in := range files {
		base := strings.TrimSuffix(in, ".in.json")
		t.Run(filepath.Base(base), func(t *testing.T) {
			r, m := load(t, base)
			requests, err := Requests(r, render.Input{Message: m, Now: noon()})
			if err != nil {
				t.Error(err)
			}
			got := new(bytes.Buffer)
			enc := json.NewEncoder(got)
			enc.SetEscapeHTML(false)
			enc.SetIndent("", "  ")
			if err := enc.Encode(requests); err != nil {
				t.Fatal(err)
			}
			compare(t, base+".want.json", got.String())
			checkSizes(t, r, m)
			if strings.Contains(got.String(), "Canary") {
				t.Error("a key is in the requests")
			}
		})
	}
}

func load(t *testing.T, base string) (*config.Receiver, *webhook.Message) {
	t.Helper()
	file := base + ".yml"
	if _, err := os.Stat(file); err != nil {
		file = "testdata/golden/default.yml"
	}
	c, _, err := config.Load(file)
	if err != nil {
		t.Fatal(err)
	}
	body, err := os.ReadFile(base + ".in.json")
	if err != nil {
		t.Fatal(err)
	}
	m, err := webhook.Decode(body)
	if err != nil {
		t.Fatal(err)
	}
	r := c.Find(webhook.Names(m.Receiver))
	if r == nil {
		t.Fatalf("no receiver %q", m.Receiver)
	}
	return r, m
}

func compare(t *testing.T, file, got string) {
	t.Helper()
	if *update {
		if err := os.WriteFile(file, []byte(got), 0o600); err != nil {
			t.Fatal(err)
		}
		return
	}
	want, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	if d := cmp.Diff(string(want), got); d != "" {
		t.Errorf("%s (-want +got)\n%s", file, d)
	}
}

// checkSizes holds what is rendered against what Apple takes, encrypted or
// not.
func checkSizes(t *testing.T, r *config.Receiver, m *webhook.Message) {
	t.Helper()
	p := newPlan(r, render.Input{Message: m, Now: noon()})
	for _, parcel := range p.parcels {
		for _, d := range parcel.devices {
			params := &parcel.params
			if d.Sealer() != nil {
				var err error
				if params, err = d.Sealer().Seal(params); err != nil {
					t.Fatal(err)
				}
				if !seal.Fits(&parcel.params) {
					t.Error("an encrypted push does not fit by seal's own measure")
				}
			}
			if n := params.Size(); n > push.MaxPayload {
				t.Errorf("%s: %d bytes", d.Name, n)
			}
			if p.truncated && parcel.params.Size() < 2000 {
				t.Errorf("%s: cut to %d bytes, there was room for more", d.Name, parcel.params.Size())
			}
		}
	}
}
