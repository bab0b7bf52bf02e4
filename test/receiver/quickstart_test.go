package receiver

import (
	"fmt"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/kubebark/kubebark/test/docs/page"
	"github.com/kubebark/kubebark/test/phone"
	"github.com/kubebark/kubebark/test/testbed"
)

// TestQuickStart follows the manual's quick start word for word, in an empty
// directory, with the real Alertmanager. What it cannot take as it is: the
// public bark-server, ports that others may have, and 30 s of group_wait.
func TestQuickStart(t *testing.T) {
	t.Parallel()
	d := newDesk(t)
	ports := make([]int, 2)
	for i := range ports {
		var err error
		ports[i], err = testbed.FreePort()
		d.must(err)
	}
	local := func(i int) string { return fmt.Sprintf("localhost:%d", ports[i]) }
	ours, err := filepath.Abs(filepath.Dir(program))
	d.must(err)
	amtool, err := testbed.Binary("", "amtool")
	d.must(err)
	address := regexp.MustCompile(`web\.listen-address=(\S+)`)
	sh := &page.Shell{
		Dir: t.TempDir(), Bin: []string{ours, filepath.Dir(amtool)},
		Started: func(_ *testbed.Process, command string) {
			d.eventually(command+" answers", func() (bool, error) {
				code, _, err := call(d.ctx, "GET", "http://"+address.FindStringSubmatch(command)[1]+"/-/ready", "")
				return code == 200, err
			})
		},
		Instead: strings.NewReplacer(
			"echo KEY", "echo "+d.ada.Key(),
			"receivers:\n  - name: phones\n    devices:", "bark: {server_url: '"+d.bark+"'}\nreceivers:\n  - name: phones\n    devices:",
			"localhost:10057", local(0), "localhost:9093", local(1),
			"--state.file", "--web.listen-address="+local(0)+" --state.file",
			"alertmanager.yml", "alertmanager.yml --web.listen-address="+local(1)+" --cluster.listen-address=",
			"group_by: [alertname]", "group_by: [alertname], group_wait: 1s",
		),
	}
	steps, err := page.Steps("../..", "docs/receiver.md")
	d.must(err)
	if len(steps) != 7 {
		t.Fatalf("the quick start has %d steps", len(steps))
	}
	sh.Follow(t, steps)
	d.shows(d.ada, "the test push and the alert", func(s phone.State) bool {
		_, hello := about(s, "Hello\n\nIt works.")
		n, alert := about(s, "DiskFull · node-1")
		return hello && alert && strings.Contains(n.Body, "95 % used") && n.Level == phone.TimeSensitive
	})
}
