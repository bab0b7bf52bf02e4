package record

import "strings"

// named notes the name and the UID of an object of a kind, unless the nearest of
// that kind is there.
func (k *Kinds) named(kind, name, uid string) {
	n, u := k.place(kind)
	if n == nil || *n != "" {
		return
	}
	*n = name
	if u != nil && uid != name { // kubelets write a node's name for its UID
		*u = uid
	}
}

// place returns where the name and the UID of an object of a kind go; nil where
// the conventions have no place.
func (k *Kinds) place(kind string) (name, uid *string) {
	switch kind {
	case "Pod":
		return &k.Pod, &k.PodUID
	case "Node":
		return &k.Node, &k.NodeUID
	case "HorizontalPodAutoscaler":
		return &k.Autoscaler, &k.AutoscalerUID
	case "PersistentVolumeClaim":
		return &k.VolumeClaim, &k.VolumeClaimUID
	case "PersistentVolume":
		return &k.Volume, &k.VolumeUID
	case "Service":
		return &k.Service, &k.ServiceUID
	case "ResourceQuota":
		return &k.Quota, &k.QuotaUID
	case "StorageClass":
		return &k.StorageClass, nil
	}
	return k.controller(kind)
}

func (k *Kinds) controller(kind string) (name, uid *string) {
	switch kind {
	case "Deployment":
		return &k.Deployment, &k.DeploymentUID
	case "ReplicaSet":
		return &k.ReplicaSet, &k.ReplicaSetUID
	case "StatefulSet":
		return &k.StatefulSet, &k.StatefulSetUID
	case "DaemonSet":
		return &k.DaemonSet, &k.DaemonSetUID
	case "Job":
		return &k.Job, &k.JobUID
	case "CronJob":
		return &k.CronJob, &k.CronJobUID
	case "ReplicationController":
		return &k.ReplicationController, &k.ReplicationControllerUID
	}
	return nil, nil
}

// Own adds the controllers above the object, the nearest first.
func (r *Record) Own(owners []Owner) {
	r.Owners = owners
	for _, o := range owners {
		r.named(o.Kind, o.Name, o.UID)
	}
}

// ImageOf takes a reference to an image apart: registry:5000/shop/app:1.2@sha256:….
func ImageOf(ref string) Image {
	var i Image
	rest, digest, digested := strings.Cut(ref, "@")
	i.ImageName = rest
	// A colon before the last slash is that of a registry's port.
	if colon := strings.LastIndexByte(rest, ':'); colon > strings.LastIndexByte(rest, '/') {
		i.ImageName = rest[:colon]
		if tag := rest[colon+1:]; tag != "" {
			i.ImageTags = []string{tag}
		}
	}
	if digested && digest != "" {
		i.ImageDigests = []string{i.ImageName + "@" + digest}
	}
	return i
}
