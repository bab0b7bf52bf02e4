package testbed_test

import (
	"context"
	"slices"
	"strings"
	"testing"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/kubernetes"
)

// seen returns the kind, name, reason and component of all events, where pods
// and ReplicaSets go by the name of their Deployment.
func seen(ctx context.Context, t *testing.T, client kubernetes.Interface) []string {
	t.Helper()
	list, err := client.CoreV1().Events("").List(ctx, metav1.ListOptions{})
	if err != nil {
		t.Fatal(err)
	}
	var all []string
	for _, e := range list.Items {
		component := e.ReportingController
		if component == "" {
			component = e.Source.Component
		}
		kind, name := e.InvolvedObject.Kind, e.InvolvedObject.Name
		suffixes := map[string]int{"Pod": 2, "ReplicaSet": 1}[kind]
		if parts := strings.Split(name, "-"); len(parts) > suffixes {
			name = strings.Join(parts[:len(parts)-suffixes], "-")
		}
		all = append(all, strings.Join([]string{kind, name, e.Reason, component}, " "))
	}
	slices.Sort(all)
	return slices.Compact(all)
}

func field(s string, i int) string {
	return strings.Fields(s)[i]
}
