package chaos

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"strings"

	authv1 "k8s.io/api/authentication/v1"
	corev1 "k8s.io/api/core/v1"
	rbacv1 "k8s.io/api/rbac/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/rest"
	"k8s.io/client-go/tools/clientcmd"
	"k8s.io/client-go/tools/clientcmd/api"

	"github.com/kubebark/kubebark/test/testbed"
)

const (
	namespace = "shop" // of all that events are about
	monitors  = "monitoring"
)

// An identity is an exporter's service account, with a token in a file. A token
// is bound to a Secret, and refused once that is gone: so tokens can end before
// their time.
type identity struct {
	name       string
	kubeconfig string
	tokenFile  string
	serial     int
	bound      string // name of the Secret
	token      string
}

func (w *world) makeIdentities(ctx context.Context) error {
	for _, name := range []string{namespace, monitors} {
		ns := &corev1.Namespace{ObjectMeta: metav1.ObjectMeta{Name: name}}
		if _, err := w.client.CoreV1().Namespaces().Create(ctx, ns, metav1.CreateOptions{}); err != nil {
			return fmt.Errorf("make namespace: %w", err)
		}
	}
	role := &rbacv1.ClusterRole{ObjectMeta: metav1.ObjectMeta{Name: "events"}, Rules: []rbacv1.PolicyRule{
		{APIGroups: []string{""}, Resources: []string{"events"}, Verbs: []string{"list", "watch"}},
	}}
	if _, err := w.client.RbacV1().ClusterRoles().Create(ctx, role, metav1.CreateOptions{}); err != nil {
		return fmt.Errorf("make role: %w", err)
	}
	for i, e := range w.exporters {
		id := &identity{
			name: e.name, tokenFile: filepath.Join(e.command.Dir, "token"), kubeconfig: filepath.Join(e.command.Dir, "kubeconfig"),
		}
		w.ids = append(w.ids, id)
		if err := w.bind(ctx, id); err != nil {
			return err
		}
		if err := w.renew(ctx, id); err != nil {
			return err
		}
		server := "https://" + w.lines[[]string{"api-a", "api-b"}[i]].Address()
		err := clientcmd.WriteToFile(api.Config{
			Clusters:       map[string]*api.Cluster{"c": {Server: server, CertificateAuthority: filepath.Join(w.cp.Dir(), "ca.crt")}},
			AuthInfos:      map[string]*api.AuthInfo{"u": {TokenFile: id.tokenFile}},
			Contexts:       map[string]*api.Context{"x": {Cluster: "c", AuthInfo: "u"}},
			CurrentContext: "x",
		}, id.kubeconfig)
		if err != nil {
			return fmt.Errorf("write kubeconfig: %w", err)
		}
	}
	return nil
}

func (w *world) bind(ctx context.Context, id *identity) error {
	sa := &corev1.ServiceAccount{ObjectMeta: metav1.ObjectMeta{Name: id.name}}
	if _, err := w.client.CoreV1().ServiceAccounts(monitors).Create(ctx, sa, metav1.CreateOptions{}); err != nil {
		return fmt.Errorf("make service account: %w", err)
	}
	_, err := w.client.RbacV1().ClusterRoleBindings().Create(ctx, &rbacv1.ClusterRoleBinding{
		ObjectMeta: metav1.ObjectMeta{Name: id.name},
		Subjects:   []rbacv1.Subject{{Kind: "ServiceAccount", Namespace: monitors, Name: id.name}},
		RoleRef:    rbacv1.RoleRef{APIGroup: rbacv1.GroupName, Kind: "ClusterRole", Name: "events"},
	}, metav1.CreateOptions{})
	if err != nil {
		return fmt.Errorf("make binding: %w", err)
	}
	return nil
}

// renew gets a new token and puts it into the file, as a kubelet does.
func (w *world) renew(ctx context.Context, id *identity) error {
	id.serial++
	secret := &corev1.Secret{ObjectMeta: metav1.ObjectMeta{Name: fmt.Sprintf("%s-%d", id.name, id.serial)}}
	err := w.insist(ctx, func(ctx context.Context) error {
		made, err := w.client.CoreV1().Secrets(monitors).Create(ctx, secret, metav1.CreateOptions{})
		if apierrors.IsAlreadyExists(err) { // an answer was lost
			made, err = w.client.CoreV1().Secrets(monitors).Get(ctx, secret.Name, metav1.GetOptions{})
		}
		if err != nil {
			return err
		}
		t, err := w.client.CoreV1().ServiceAccounts(monitors).CreateToken(ctx, id.name, &authv1.TokenRequest{Spec: authv1.TokenRequestSpec{
			BoundObjectRef: &authv1.BoundObjectReference{APIVersion: "v1", Kind: "Secret", Name: made.Name, UID: made.UID},
		}}, metav1.CreateOptions{})
		if err != nil {
			return err
		}
		id.token, id.bound = t.Status.Token, secret.Name
		return nil
	})
	if err != nil {
		return fmt.Errorf("renew the token of %s: %w", id.name, err)
	}
	w.secrets.add("a token of "+id.name, id.token[strings.LastIndexByte(id.token, '.')+1:])
	return replace(id.tokenFile, []byte(id.token))
}

// expire has the API server refuse an identity's token, and waits until it does.
func (w *world) expire(ctx context.Context, id *identity) error {
	err := w.insist(ctx, func(ctx context.Context) error {
		err := w.client.CoreV1().Secrets(monitors).Delete(ctx, id.bound, metav1.DeleteOptions{})
		if apierrors.IsNotFound(err) {
			err = nil
		}
		return err
	})
	if err != nil {
		return fmt.Errorf("end the token of %s: %w", id.name, err)
	}
	c := rest.CopyConfig(w.cp.Config())
	c.BearerToken = id.token
	client, err := rest.HTTPClientFor(c)
	if err != nil {
		return fmt.Errorf("end the token of %s: %w", id.name, err)
	}
	defer client.CloseIdleConnections()
	p := &program{url: w.cp.URL(), client: client}
	return testbed.Poll(ctx, "until the token of "+id.name+" is refused", func(ctx context.Context) (bool, error) {
		code, _, err := p.get(ctx, "/api/v1/events?limit=1")
		return code == 401, err
	})
}

// insist repeats a call to the API server until it succeeds.
func (w *world) insist(ctx context.Context, call func(ctx context.Context) error) error {
	return testbed.Poll(ctx, "for the API server", func(ctx context.Context) (bool, error) {
		err := call(ctx)
		return err == nil, err
	})
}

// hookAuth is what Alertmanager and the receiver prove themselves with, and the
// receiver's files with keys.
type hookAuth struct {
	dir          string
	authority    *authority
	barkPassword string
}

func (h *hookAuth) serverFile() string    { return filepath.Join(h.dir, "server.pem") }
func (h *hookAuth) receiverToken() string { return filepath.Join(h.dir, "webhook.token") }
func (h *hookAuth) senderToken() string   { return filepath.Join(h.dir, "sender.token") }

// newHook writes the receiver's files.
func (w *world) newHook() error {
	h := w.hook
	if err := os.MkdirAll(h.dir, 0o700); err != nil {
		return fmt.Errorf("make directory: %w", err)
	}
	var err error
	if h.authority, err = newAuthority(h.dir); err != nil {
		return err
	}
	if _, err := h.authority.issue(h.serverFile()); err != nil {
		return err
	}
	token := w.secrets.make("a token of the webhook", 40)
	for path, text := range map[string]string{
		h.receiverToken(): token, h.senderToken(): token, filepath.Join(h.dir, "bark.password"): h.barkPassword,
		filepath.Join(h.dir, "silence.key"): w.secrets.make("the key of silence links", 40),
	} {
		if err := replace(path, []byte(text)); err != nil {
			return err
		}
	}
	w.people = []*person{{name: "ada", receiver: "oncall"}, {name: "bo", receiver: "team", sealed: true}}
	return w.newKeys()
}
