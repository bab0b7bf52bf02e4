package truth

import (
	"context"
	"errors"
	"fmt"
	"time"

	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/client-go/kubernetes"

	"github.com/kubebark/kubebark/test/fakeapi"
)

// cluster is where events are written.
type cluster interface {
	create(e *corev1.Event) (*corev1.Event, error)
	update(e *corev1.Event) (*corev1.Event, error)
	patch(namespace, name string, patch []byte) (*corev1.Event, error)
	delete(namespace, name string) error
}

// storeCluster writes to the store of a fake API server: its faults are those
// of who reads.
type storeCluster struct{ *fakeapi.Store }

func (c storeCluster) create(e *corev1.Event) (*corev1.Event, error) { return c.Create(e) }
func (c storeCluster) update(e *corev1.Event) (*corev1.Event, error) { return c.Update(e) }

func (c storeCluster) patch(namespace, name string, patch []byte) (*corev1.Event, error) {
	return c.Patch(namespace, name, patch)
}

func (c storeCluster) delete(namespace, name string) error { return c.Delete(namespace, name) }

// realCluster writes to a real API server, again and again while it is not
// there: each write is made once, and may be found made already.
type realCluster struct {
	ctx    context.Context
	client kubernetes.Interface
}

// again repeats a write until the server has answered it.
func (c realCluster) again(write func() (*corev1.Event, error)) (*corev1.Event, error) {
	for {
		e, err := write()
		if err == nil || answered(err) {
			return e, err
		}
		pause(c.ctx, 100*time.Millisecond)
		if c.ctx.Err() != nil {
			return nil, fmt.Errorf("%w: %w", c.ctx.Err(), err)
		}
	}
}

// answered tells that the server has decided on a write, and not failed at it.
func answered(err error) bool {
	_, status := errors.AsType[*apierrors.StatusError](err)
	return status && (apierrors.IsNotFound(err) || apierrors.IsAlreadyExists(err) || apierrors.IsConflict(err) ||
		apierrors.IsInvalid(err) || apierrors.IsBadRequest(err))
}

func (c realCluster) create(e *corev1.Event) (*corev1.Event, error) {
	return c.again(func() (*corev1.Event, error) {
		stored, err := c.client.CoreV1().Events(e.Namespace).Create(c.ctx, e, metav1.CreateOptions{})
		if apierrors.IsAlreadyExists(err) { // names are ours alone: an answer was lost
			return c.client.CoreV1().Events(e.Namespace).Get(c.ctx, e.Name, metav1.GetOptions{})
		}
		return stored, err
	})
}

func (c realCluster) update(e *corev1.Event) (*corev1.Event, error) {
	return c.again(func() (*corev1.Event, error) {
		return c.client.CoreV1().Events(e.Namespace).Update(c.ctx, e, metav1.UpdateOptions{})
	})
}

func (c realCluster) patch(namespace, name string, patch []byte) (*corev1.Event, error) {
	return c.again(func() (*corev1.Event, error) {
		return c.client.CoreV1().Events(namespace).Patch(c.ctx, name, types.StrategicMergePatchType, patch, metav1.PatchOptions{})
	})
}

func (c realCluster) delete(namespace, name string) error {
	_, err := c.again(func() (*corev1.Event, error) {
		err := c.client.CoreV1().Events(namespace).Delete(c.ctx, name, metav1.DeleteOptions{})
		if apierrors.IsNotFound(err) { // an answer was lost
			err = nil
		}
		return nil, err
	})
	return err
}
