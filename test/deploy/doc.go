// Package deploy holds the tests of what users install: the kustomize tree and
// the Helm chart below deploy/, and the image.
//
// Each [variant] is rendered by the kubectl and the helm that users have, built
// from their modules; both must yield the same objects, and a real API server,
// with the Prometheus operator's resources in it, must take them. Then the
// programs are started as a rendered Deployment says: with its arguments, its
// environment, files mounted as a kubelet mounts them, and exactly the rights
// that the manifests give, and with one right less.
package deploy
