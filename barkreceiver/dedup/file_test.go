package dedup

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/synctest"
	"time"
)

func TestRestart(t *testing.T) {
	path := filepath.Join(t.TempDir(), "state")
	st := State{Digest: "d"}
	synctest.Test(t, func(t *testing.T) {
		before, _ := newStore(t, 10)
		if err := before.Load(path); err != nil {
			t.Fatal(err)
		}
		before.Record("phone", "id", st)
		before.Record("phone", "over", State{Digest: "d", Over: true})
		if err := before.Save(path); err != nil {
			t.Fatal(err)
		}
		time.Sleep(time.Minute)
		after, _ := newStore(t, 10)
		if err := after.Load(path); err != nil {
			t.Fatal(err)
		}
		if !after.Has("phone", "id", st) || after.Has("other", "id", st) || !after.Open("phone", "id") || after.Open("phone", "over") {
			t.Error("not the same after the restart")
		}
		time.Sleep(time.Hour)
		if after.Has("phone", "id", st) {
			t.Error("it is held back after the window")
		}
	})
	info, err := os.Stat(path)
	if err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("%v %v", info.Mode(), err)
	}
	if files, err := os.ReadDir(filepath.Dir(path)); err != nil || len(files) != 1 {
		t.Errorf("left behind: %v %v", files, err)
	}
}

func TestBadFile(t *testing.T) {
	for text, want := range map[string]string{"{": "unexpected end", `{"version":2}`: "version 2", "": "unexpected end"} {
		path := filepath.Join(t.TempDir(), "state")
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		s, _ := newStore(t, 10)
		if err := s.Load(path); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%q: %v", text, err)
		}
	}
	s, _ := newStore(t, 10)
	if err := s.Save(filepath.Join(t.TempDir(), "none", "state")); err == nil {
		t.Error("written into no directory")
	}
}
