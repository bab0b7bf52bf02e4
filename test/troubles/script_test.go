package troubles_test

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/kubebark/kubebark/internal/leaktest"
	"github.com/kubebark/kubebark/test/testbed"
	"github.com/kubebark/kubebark/test/troubles"
)

func TestMain(m *testing.M) { leaktest.Main(m) }

// TestScript runs the whole script in short and looks for the events that
// make each trouble what it is.
func TestScript(t *testing.T) {
	if testing.Short() {
		t.Skip("takes two minutes")
	}
	ctx, cancel := context.WithTimeout(t.Context(), 10*time.Minute)
	defer cancel()
	cluster, err := troubles.StartCluster(ctx, testbed.Options{})
	if err != nil {
		t.Fatal(err)
	}
	testbed.Attach(t, cluster)

	var told []string
	err = cluster.Run(ctx, troubles.Script{
		Hold: 8 * time.Second, // more than the probe's period
		Rest: time.Millisecond,
		Tell: func(_ time.Time, say string) { told = append(told, say) },
	})
	if err != nil {
		t.Fatal(err)
	}
	if len(told) != 11 || !strings.Contains(told[0], "opens") || !strings.Contains(told[10], "comes back") {
		t.Errorf("told: %q", told)
	}
	wanted := []string{
		`Pod checkout Failed: Error: ErrImagePull`,
		`Pod search BackOff: Back-off restarting failed container`,
		`Pod cart Unhealthy: Readiness probe failed: HTTP probe failed with statuscode: 503`,
		`Pod checkout FailedScheduling: 0/2 nodes are available`,
		`Node node-b Rebooted: Node node-b has been rebooted`,
	}
	// A node is ready before all that its kubelet has to say of it is written.
	soon, stop := context.WithTimeout(ctx, time.Minute)
	defer stop()
	err = testbed.Poll(soon, "for all events", func(context.Context) (bool, error) {
		events := seen(ctx, t, cluster)
		for _, want := range wanted {
			if !slices.ContainsFunc(events, func(e string) bool { return strings.HasPrefix(e, want) }) {
				return false, fmt.Errorf("no event %q in:\n%s", want, strings.Join(events, "\n"))
			}
		}
		return true, nil
	})
	if err != nil {
		t.Error(err)
	}
}

// seen returns the kind, workload, reason and message of all events.
func seen(ctx context.Context, t *testing.T, cluster *troubles.Cluster) []string {
	t.Helper()
	client, err := cluster.Client()
	if err != nil {
		t.Fatal(err)
	}
	list, err := client.CoreV1().Events("").List(ctx, metav1.ListOptions{})
	if err != nil {
		t.Fatal(err)
	}
	var all []string
	for _, e := range list.Items {
		name := e.InvolvedObject.Name
		if e.InvolvedObject.Kind == "Pod" {
			name, _, _ = strings.Cut(name, "-")
		}
		all = append(all, e.InvolvedObject.Kind+" "+name+" "+e.Reason+": "+e.Message)
	}
	slices.Sort(all)
	return slices.Compact(all)
}
