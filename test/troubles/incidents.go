package troubles

import (
	"context"
	"fmt"
	"time"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/resource"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"

	"github.com/kubebark/kubebark/test/testbed"
)

// An Incident is one trouble of a whole evening: with Kubernetes' own waits, on
// many pods, and long enough that its events repeat as they do in real life.
type Incident struct {
	Name  string
	About string

	hold time.Duration // how long it lasts
	do   func(ctx context.Context, st *stage) error
}

// Incidents returns all incidents.
func Incidents() []Incident {
	return []Incident{
		{"rollout", "a rollout of 20 pods whose image cannot be pulled, undone after 12 minutes", 12 * time.Minute, badRollout},
		{"crash-loop", "3 pods run out of memory and crash-loop for 15 minutes", 15 * time.Minute, longCrashLoop},
		{"node", "a node dies with 20 pods of 4 workloads and comes back after 12 minutes", 12 * time.Minute, lostNode},
		{"quota", "a quota is used up for 8 minutes while a workload is scaled up", 8 * time.Minute, usedUpQuota},
		{"network", "no sandbox gets a network for 10 minutes while 3 workloads are rolled out", 10 * time.Minute, noNetwork},
	}
}

// StartIncidentCluster starts a cluster for an incident: two nodes, and all
// times as Kubernetes has them.
func StartIncidentCluster(ctx context.Context) (*Cluster, error) {
	return startCluster(ctx, testbed.Options{})
}

// Play lets an incident happen, and mends it.
func (c *Cluster) Play(ctx context.Context, i Incident, tell func(time.Time, string)) error {
	st, err := newStage(ctx, c.Config(), Script{Hold: i.hold, Rest: time.Minute, Tell: tell, limit: 30 * time.Minute})
	if err != nil {
		return err
	}
	st.node, st.nodes = c.Nodes[1], c.Nodes
	if err := st.makeNamespace(ctx); err != nil {
		return err
	}
	if err := i.do(ctx, st); err != nil {
		return fmt.Errorf("%s: %w", i.Name, err)
	}
	return nil
}

func badRollout(ctx context.Context, st *stage) error {
	st.tell("20 pods of checkout start")
	if err := st.opened(ctx, workload{name: "checkout", image: checkoutImage, replicas: 20, surge: 20}); err != nil {
		return err
	}
	return st.suffer(ctx,
		change{"checkout 2.8 is rolled out to all at once; its image cannot be pulled", st.image("checkout", missingImage)},
		change{"checkout is back at 2.7", st.image("checkout", checkoutImage)}, "checkout")
}

func longCrashLoop(ctx context.Context, st *stage) error {
	st.tell("3 pods of search start")
	if err := st.opened(ctx, workload{name: "search", image: searchImage, replicas: 3, surge: 3}); err != nil {
		return err
	}
	return st.suffer(ctx,
		change{"search 5.1 is rolled out, which runs out of memory", st.image("search", hungryImage)},
		change{"search 5.2 is rolled out, which needs less", st.image("search", "registry.example/shop/search:5.2")}, "search")
}

// team are the workloads of which each node has half of the pods.
func team() []workload {
	var ws []workload
	for _, name := range []string{"cart", "catalog", "checkout", "search"} {
		ws = append(ws, workload{name: name, image: "registry.example/shop/" + name + ":1.0", replicas: 10})
	}
	return ws
}

func lostNode(ctx context.Context, st *stage) error {
	st.tell("4 workloads of 10 pods start on 2 nodes")
	if err := st.opened(ctx, team()...); err != nil {
		return err
	}
	return st.nodeDies(ctx, "cart", "catalog", "checkout", "search")
}

func usedUpQuota(ctx context.Context, st *stage) error {
	quota := &corev1.ResourceQuota{
		ObjectMeta: metav1.ObjectMeta{Name: "team"},
		Spec:       corev1.ResourceQuotaSpec{Hard: corev1.ResourceList{corev1.ResourcePods: resource.MustParse("12")}},
	}
	if _, err := st.client.CoreV1().ResourceQuotas(st.Namespace).Create(ctx, quota, metav1.CreateOptions{}); err != nil {
		return fmt.Errorf("create quota: %w", err)
	}
	st.tell("8 pods of checkout start under a quota of 12")
	if err := st.opened(ctx, workload{name: "checkout", image: checkoutImage, replicas: 8}); err != nil {
		return err
	}
	return st.suffer(ctx,
		change{"checkout is scaled to 20 pods", func(ctx context.Context) error {
			return st.merge(ctx, "checkout", `{"spec":{"replicas":20}}`)
		}},
		change{"the quota is raised to 40", st.raiseQuota}, "checkout")
}

func (st *stage) raiseQuota(ctx context.Context) error {
	_, err := st.client.CoreV1().ResourceQuotas(st.Namespace).Patch(ctx, "team", types.MergePatchType,
		[]byte(`{"spec":{"hard":{"pods":"40"}}}`), metav1.PatchOptions{})
	if err != nil {
		return fmt.Errorf("raise quota: %w", err)
	}
	return nil
}

func noNetwork(ctx context.Context, st *stage) error {
	st.tell("4 workloads of 10 pods start on 2 nodes")
	if err := st.opened(ctx, team()...); err != nil {
		return err
	}
	network := func(on bool) func(context.Context) error {
		return func(context.Context) error {
			for _, n := range st.nodes {
				if err := n.SetNetwork(on); err != nil {
					return err
				}
			}
			return nil
		}
	}
	return st.suffer(ctx,
		change{"the nodes have no network for new pods", func(ctx context.Context) error {
			if err := network(false)(ctx); err != nil {
				return err
			}
			st.tell("cart, catalog and search are restarted")
			return st.restart(ctx, "cart", "catalog", "search")
		}},
		change{"the nodes have a network again", network(true)}, "cart", "catalog", "checkout", "search")
}

func (st *stage) restart(ctx context.Context, workloads ...string) error {
	for _, name := range workloads {
		if err := st.merge(ctx, name, `{"spec":{"template":{"metadata":{"annotations":{"restarted":"yes"}}}}}`); err != nil {
			return err
		}
	}
	return nil
}

// merge changes a Deployment by a JSON merge patch.
func (st *stage) merge(ctx context.Context, name, patch string) error {
	_, err := st.client.AppsV1().Deployments(st.Namespace).Patch(ctx, name, types.MergePatchType, []byte(patch), metav1.PatchOptions{})
	if err != nil {
		return fmt.Errorf("change deployment %s: %w", name, err)
	}
	return nil
}
