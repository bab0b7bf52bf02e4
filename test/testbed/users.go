package testbed

import (
	"context"
	"crypto/rand"
	"encoding/csv"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"

	authv1 "k8s.io/api/authentication/v1"
	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/kubernetes"
	"k8s.io/client-go/tools/clientcmd"
	"k8s.io/client-go/tools/clientcmd/api"
)

// tokensFile has the users' tokens as --token-auth-file wants them.
const tokensFile = "tokens.csv"

type user struct {
	name, token string
}

// newUsers makes a token for each user and writes the API server's file.
func newUsers(dir string, more map[string][]string) ([]user, error) {
	groups := map[string][]string{Admin: {"system:masters"}, Nobody: nil}
	maps.Copy(groups, more)
	var users []user
	var file strings.Builder
	w := csv.NewWriter(&file)
	for _, name := range slices.Sorted(maps.Keys(groups)) {
		u := user{name: name, token: rand.Text()}
		users = append(users, u)
		// The error comes with Flush.
		_ = w.Write([]string{u.token, name, name, strings.Join(groups[name], ",")})
	}
	w.Flush()
	if err := w.Error(); err != nil {
		return nil, fmt.Errorf("write tokens: %w", err)
	}
	if err := os.WriteFile(filepath.Join(dir, tokensFile), []byte(file.String()), 0o600); err != nil {
		return nil, fmt.Errorf("write tokens: %w", err)
	}
	return users, nil
}

func (cp *ControlPlane) token(name string) string {
	for _, u := range cp.users {
		if u.name == name {
			return u.token
		}
	}
	return ""
}

// Kubeconfig returns the path of a user's kubeconfig file.
func (cp *ControlPlane) Kubeconfig(user string) string {
	return filepath.Join(cp.opts.Dir, user+".kubeconfig")
}

// Client returns a client that acts as [Admin].
func (cp *ControlPlane) Client() (*kubernetes.Clientset, error) {
	client, err := kubernetes.NewForConfig(cp.Config())
	if err != nil {
		return nil, fmt.Errorf("make client: %w", err)
	}
	return client, nil
}

// ServiceAccountKubeconfig returns the path of a kubeconfig file with a fresh
// token of the service account, which is made along with its namespace if
// there is none. It has no rights but those that a binding gives it.
func (cp *ControlPlane) ServiceAccountKubeconfig(ctx context.Context, namespace, name string) (string, error) {
	client, err := cp.Client()
	if err != nil {
		return "", err
	}
	ns := &corev1.Namespace{ObjectMeta: metav1.ObjectMeta{Name: namespace}}
	if _, err := client.CoreV1().Namespaces().Create(ctx, ns, metav1.CreateOptions{}); err != nil && !apierrors.IsAlreadyExists(err) {
		return "", fmt.Errorf("make namespace: %w", err)
	}
	accounts := client.CoreV1().ServiceAccounts(namespace)
	sa := &corev1.ServiceAccount{ObjectMeta: metav1.ObjectMeta{Name: name}}
	if _, err := accounts.Create(ctx, sa, metav1.CreateOptions{}); err != nil && !apierrors.IsAlreadyExists(err) {
		return "", fmt.Errorf("make service account: %w", err)
	}
	token, err := accounts.CreateToken(ctx, name, &authv1.TokenRequest{}, metav1.CreateOptions{})
	if err != nil {
		return "", fmt.Errorf("get token of service account: %w", err)
	}
	path := cp.Kubeconfig(namespace + "." + name)
	return path, cp.writeKubeconfig(path, token.Status.Token)
}

func (cp *ControlPlane) writeKubeconfig(path, token string) error {
	const name = "testbed"
	err := clientcmd.WriteToFile(api.Config{
		Clusters:       map[string]*api.Cluster{name: {Server: cp.URL(), CertificateAuthority: cp.pki.ca}},
		AuthInfos:      map[string]*api.AuthInfo{name: {Token: token}},
		Contexts:       map[string]*api.Context{name: {Cluster: name, AuthInfo: name}},
		CurrentContext: name,
	}, path)
	if err != nil {
		return fmt.Errorf("write kubeconfig: %w", err)
	}
	return nil
}
