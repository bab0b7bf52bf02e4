package receiver

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/kubebark/kubebark/test/phone"
	"github.com/kubebark/kubebark/test/testbed"
)

var step = regexp.MustCompile("(?s)<!-- (?:quick start: (\\S+)|example: quick) -->\n *```\\w+\n(.*?)\n *```")

// TestQuickStart follows the manual's quick start word for word, in an empty
// directory, with the real Alertmanager. What it cannot take as it is: the
// public bark-server, ports that others may have, and 30 s of group_wait.
func TestQuickStart(t *testing.T) {
	t.Parallel()
	d := newDesk(t)
	q := &quickStart{desk: d, dir: t.TempDir()}
	ports := make([]int, 3)
	for i := range ports {
		var err error
		ports[i], err = testbed.FreePort()
		d.must(err)
	}
	local := func(i int) string { return fmt.Sprintf("localhost:%d", ports[i]) }
	q.instead = strings.NewReplacer(
		"echo KEY", "echo "+d.ada.Key(),
		"receivers:\n  - name: phones\n    devices:", "bark: {server_url: '"+d.bark+"'}\nreceivers:\n  - name: phones\n    devices:",
		"localhost:10057", local(0), "localhost:9093", local(1),
		"--state.file", "--web.listen-address="+local(0)+" --state.file",
		"alertmanager.yml", "alertmanager.yml --web.listen-address="+local(1)+" --cluster.listen-address=",
		"group_by: [alertname]", "group_by: [alertname], group_wait: 1s",
	)
	page, err := os.ReadFile("../../docs/receiver.md")
	d.must(err)
	steps := step.FindAllStringSubmatch(string(page), -1)
	if len(steps) != 7 {
		t.Fatalf("the quick start has %d steps", len(steps))
	}
	for _, s := range steps {
		q.follow(s[1], regexp.MustCompile(`(?m)^   `).ReplaceAllString(s[2], ""))
	}
	d.shows(d.ada, "the test push and the alert", func(s phone.State) bool {
		_, hello := about(s, "Hello\n\nIt works.")
		n, alert := about(s, "DiskFull · node-1")
		return hello && alert && strings.Contains(n.Body, "95 % used") && n.Level == phone.TimeSensitive
	})
}

type quickStart struct {
	*desk
	dir     string
	instead *strings.Replacer
}

// follow does what one block of the quick start says.
func (q *quickStart) follow(what, text string) {
	q.t.Helper()
	switch what {
	case "run", "start":
		q.shell(what == "start", q.instead.Replace(text))
	case "": // the receiver's configuration
		q.must(os.WriteFile(filepath.Join(q.dir, "alertmanager-bark.yml"), []byte(q.instead.Replace(text)), 0o600))
	default:
		q.must(os.WriteFile(filepath.Join(q.dir, what), []byte(q.instead.Replace(text)), 0o600))
	}
}

// shell runs commands, or starts one that goes on and waits until it answers.
func (q *quickStart) shell(start bool, text string) {
	q.t.Helper()
	ctx, cancel := context.WithCancel(q.ctx)
	cmd := exec.CommandContext(ctx, "sh", "-ec", text)
	cmd.Dir = q.dir
	ours, err := filepath.Abs(filepath.Dir(program))
	q.must(err)
	amtool, err := testbed.Binary("", "amtool")
	q.must(err)
	cmd.Env = append(os.Environ(), "PATH="+ours+":"+filepath.Dir(amtool)+":"+os.Getenv("PATH"))
	out := new(strings.Builder)
	cmd.Stdout, cmd.Stderr = out, out
	if !start {
		defer cancel()
		if err := cmd.Run(); err != nil {
			q.t.Fatalf("%s\n%v\n%s", text, err, out)
		}
		return
	}
	cmd.Args[2] = "exec " + text
	q.must(cmd.Start())
	q.t.Cleanup(func() {
		cancel()
		_ = cmd.Wait() // it was killed
		if q.t.Failed() {
			q.t.Log(out)
		}
	})
	address := regexp.MustCompile(`web\.listen-address=(\S+)`).FindStringSubmatch(text)
	q.eventually(text+" answers", func() (bool, error) {
		code, _, err := call(q.ctx, "GET", "http://"+address[1]+"/-/ready", "")
		return code == 200, err
	})
}
