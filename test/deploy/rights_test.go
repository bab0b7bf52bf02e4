package deploy

import (
	"encoding/json"
	"fmt"
	"hash/fnv"
	"maps"
	"net/http"
	"net/http/httptest"
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	rbacv1 "k8s.io/api/rbac/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

// right is one verb on one resource in one namespace ("" for all).
type right struct{ namespace, group, resource, verb string }

func (r right) String() string {
	name := r.resource
	if r.group != "" {
		name += "." + r.group
	}
	s := r.verb + " " + name
	if r.namespace != "" {
		s += " in " + r.namespace
	}
	return s
}

// TestRights starts the exporter as its manifests say and with exactly the
// rights that they give, on the real API server: all it is to do works. Then
// with each right taken away in turn: it does what docs/security.md says, and
// everything else works on.
func TestRights(t *testing.T) {
	newTroubles(t)
	am := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusOK) }))
	t.Cleanup(am.Close)
	for _, name := range []string{"base", "owner-lookups", "pod-diagnostics", "namespaces"} {
		i := slices.IndexFunc(variants, func(v variant) bool { return v.name == name })
		all := variants[i].kustomized(t)
		given := rights(t, all)
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			tryRights(t, all, name, given, nil, am.URL)
		})
		for _, missing := range given {
			if !asked(missing) {
				continue
			}
			t.Run(name+"/without "+missing.String(), func(t *testing.T) {
				t.Parallel()
				tryRights(t, all, name, given, &missing, am.URL)
			})
		}
	}
}

// tryRights runs the exporter with the given rights less the missing one.
func tryRights(t *testing.T, all objects, name string, given []right, missing *right, am string) {
	t.Helper()
	left := given
	if missing != nil {
		left = slices.DeleteFunc(slices.Clone(given), func(r right) bool { return r == *missing })
	}
	diagnostics := name == "pod-diagnostics" || name == "namespaces"
	config := strings.ReplaceAll(deployedConfig(t, all, "kube-event-exporter", "exporter.yml"), "dns+http://alertmanager-operated.monitoring:9093", am)
	if diagnostics {
		config += "alerts: {diagnostics: {pod_status: true}}\n"
	}
	p := start(t, all, "kube-event-exporter", map[string]map[string]string{"config": {"exporter.yml": config}}, "--kubeconfig="+account(t, left))
	if missing != nil && missing.resource == "events" {
		p.saysMissing(*missing)
		return
	}
	p.isReady()
	namespaces := []string{"", "search", "shop"}
	if name == "namespaces" {
		namespaces = []string{"search", "shop"} // a node's events are in the namespace default
	}
	want := tellable(left, namespaces, diagnostics)
	p.eventually("the alerts tell what they may", func() (bool, error) {
		got := p.told()
		if diff := cmp.Diff(want, got); diff != "" {
			return false, fmt.Errorf("-want +got:\n%s", diff)
		}
		return true, nil
	})
	if missing != nil {
		p.eventually("it says what it may not look up", func() (bool, error) {
			for line := range strings.Lines(p.Logs()) {
				if strings.Contains(line, "may not look up objects") && strings.Contains(line, "resource="+missing.resource+" ") {
					return true, nil
				}
			}
			return false, nil
		})
	} else if name == "owner-lookups" && strings.Contains(p.Logs(), "may not look up objects") {
		t.Errorf("with all rights something is forbidden:\n%s", p.Tail(20))
	}
}

// saysMissing: without events there is nothing to do, and the exporter says why,
// in the readiness probe's answer or, as long as that stands a short break, in
// the log.
func (p *pod) saysMissing(r right) {
	p.t.Helper()
	want := []string{"cannot " + r.verb + ` resource "events"`}
	if r.namespace != "" {
		want = append(want, fmt.Sprintf("in the namespace %q", r.namespace))
	}
	p.eventually("it says what is missing", func() (bool, error) {
		code, body, err := p.get(p.ready)
		if err != nil {
			return false, err
		}
		said := p.Logs()
		if r.verb == "list" {
			if code != http.StatusServiceUnavailable {
				return false, fmt.Errorf("it answers %d", code)
			}
			said = body
		}
		for _, w := range want {
			if !strings.Contains(strings.ReplaceAll(said, `\"`, `"`), w) {
				return false, fmt.Errorf("no %q in %s", w, said)
			}
		}
		return true, nil
	})
}

// told is the owner and exit that each alert about one of the troubles tells.
func (p *pod) told() map[string]string {
	p.t.Helper()
	_, body, err := p.get("/api/v1/alerts")
	must(p.t, err)
	var answer struct {
		Data struct {
			Alerts []struct{ Labels, Annotations map[string]string }
		}
	}
	must(p.t, json.Unmarshal([]byte(body), &answer))
	got := map[string]string{}
	for _, a := range answer.Data.Alerts {
		if a.Labels["reason"] == reason {
			got[a.Annotations["object"]] = strings.TrimSpace(a.Annotations["owner"] + " " + a.Annotations["exit"])
		}
	}
	return got
}

// rights are all that the manifests give the exporter.
func rights(t *testing.T, all objects) []right {
	t.Helper()
	seen := map[right]bool{}
	for k, o := range all {
		var rules []rbacv1.PolicyRule
		switch o.GetKind() {
		case "ClusterRole":
			var role rbacv1.ClusterRole
			into(t, o, &role)
			rules = role.Rules
		case "Role":
			var role rbacv1.Role
			into(t, o, &role)
			rules = role.Rules
		default:
			continue
		}
		bound(t, all, k)
		for _, r := range rules {
			for _, g := range r.APIGroups {
				for _, res := range r.Resources {
					for _, verb := range r.Verbs {
						seen[right{o.GetNamespace(), g, res, verb}] = true
					}
				}
			}
		}
	}
	return slices.SortedFunc(maps.Keys(seen), func(a, b right) int { return strings.Compare(a.String(), b.String()) })
}

// bound checks that a role of the manifests is bound to the exporter's service
// account, and to nothing else.
func bound(t *testing.T, all objects, role string) {
	t.Helper()
	kind, name, _ := strings.Cut(role, " ")
	o := all[kind+"Binding "+name]
	if o == nil {
		t.Fatalf("nothing binds %s", role)
	}
	var b rbacv1.RoleBinding
	into(t, o, &b)
	want := []rbacv1.Subject{{Kind: "ServiceAccount", Name: "kube-event-exporter", Namespace: "kubebark"}}
	if diff := cmp.Diff(want, b.Subjects); diff != "" {
		t.Errorf("%s is bound to:\n%s", role, diff)
	}
	if b.RoleRef.Kind != kind || b.RoleRef.Name != all[role].GetName() {
		t.Errorf("the binding of %s is of %v", role, b.RoleRef)
	}
}

// account makes a service account with exactly these rights and returns the
// path of its kubeconfig.
func account(t *testing.T, left []right) string {
	t.Helper()
	client, err := cluster.Client()
	must(t, err)
	h := fnv.New64a()
	_, _ = h.Write([]byte(t.Name()))
	name := fmt.Sprintf("exporter-%x", h.Sum64())
	path, err := cluster.ServiceAccountKubeconfig(t.Context(), "kubebark", name)
	must(t, err)
	byNamespace := map[string][]rbacv1.PolicyRule{}
	for _, r := range left {
		byNamespace[r.namespace] = append(byNamespace[r.namespace], rbacv1.PolicyRule{APIGroups: []string{r.group}, Resources: []string{r.resource}, Verbs: []string{r.verb}})
	}
	subjects := []rbacv1.Subject{{Kind: "ServiceAccount", Name: name, Namespace: "kubebark"}}
	rbac := client.RbacV1()
	meta := metav1.ObjectMeta{Name: name}
	for ns, rules := range byNamespace {
		if ns == "" {
			_, err = rbac.ClusterRoles().Create(t.Context(), &rbacv1.ClusterRole{ObjectMeta: meta, Rules: rules}, metav1.CreateOptions{})
			must(t, err)
			_, err = rbac.ClusterRoleBindings().Create(t.Context(), &rbacv1.ClusterRoleBinding{
				ObjectMeta: meta, Subjects: subjects, RoleRef: rbacv1.RoleRef{APIGroup: rbacv1.GroupName, Kind: "ClusterRole", Name: name},
			}, metav1.CreateOptions{})
		} else {
			_, err = rbac.Roles(ns).Create(t.Context(), &rbacv1.Role{ObjectMeta: meta, Rules: rules}, metav1.CreateOptions{})
			must(t, err)
			_, err = rbac.RoleBindings(ns).Create(t.Context(), &rbacv1.RoleBinding{
				ObjectMeta: meta, Subjects: subjects, RoleRef: rbacv1.RoleRef{APIGroup: rbacv1.GroupName, Kind: "Role", Name: name},
			}, metav1.CreateOptions{})
		}
		must(t, err)
	}
	return path
}

// TestRightsAreDocumented: docs/security.md has a row for each right that any
// of the manifests gives.
func TestRightsAreDocumented(t *testing.T) {
	t.Parallel()
	data, err := os.ReadFile(root + "/docs/security.md")
	must(t, err)
	for _, v := range variants {
		all := v.kustomized(t)
		for _, k := range v.only { // Prometheus's own
			delete(all, k)
		}
		for _, r := range rights(t, all) {
			r.namespace, r.group = "", ""
			if !strings.Contains(string(data), "| `"+r.String()+"` |") {
				t.Errorf("%s: docs/security.md has no row for %q", v.name, r)
			}
		}
	}
}
