package deploy

import (
	"context"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"

	"github.com/kubebark/kubebark/test/testbed"
)

// pod is a program that runs as its Deployment says: with its arguments and
// environment, and with volumes as a kubelet makes them. Only paths are others,
// since there is no container: wherever a volume's path stands, in arguments and
// in files, there is the volume's folder.
type pod struct {
	*testbed.Process

	t       *testing.T
	url     string
	ready   string // the path of the readiness probe
	volumes map[string]*volume
}

// volume is a folder that a pod sees.
type volume struct {
	path string // in the pod
	dir  string // on this machine
}

// start runs a Deployment's pod. changed has the content of files of its
// ConfigMaps and Secrets, by volume, where it is not the manifests'.
func start(t *testing.T, all objects, name string, changed map[string]map[string]string, args ...string) *pod {
	t.Helper()
	d := deployment(t, all, name)
	p := &pod{t: t, volumes: map[string]*volume{}}
	c := &d.Spec.Template.Spec.Containers[0]
	p.ready = c.ReadinessProbe.HTTPGet.Path
	for _, m := range c.VolumeMounts {
		p.volumes[m.Name] = &volume{path: m.MountPath, dir: t.TempDir()}
	}
	for _, v := range d.Spec.Template.Spec.Volumes {
		files := changed[v.Name]
		if v.ConfigMap != nil && files == nil {
			var cm corev1.ConfigMap
			into(t, all["ConfigMap kubebark/"+v.ConfigMap.Name], &cm)
			files = cm.Data
		}
		if v.ConfigMap != nil || v.Secret != nil {
			p.mount(v.Name, files)
		}
	}
	p.run(d, args)
	return p
}

func (p *pod) run(d *appsv1.Deployment, more []string) {
	p.t.Helper()
	c := &d.Spec.Template.Spec.Containers[0]
	port, err := testbed.FreePort()
	must(p.t, err)
	addr := fmt.Sprintf("127.0.0.1:%d", port)
	p.url = "http://" + addr
	program, err := filepath.Abs(filepath.Join(root, "bin", filepath.Base(c.Command[0])))
	must(p.t, err)
	cmd := testbed.Command{Name: d.Name, Path: program, Dir: p.t.TempDir()}
	for _, e := range c.Env {
		value := p.env(d, &e)
		cmd.Env = append(cmd.Env, e.Name+"="+value)
		for i := range c.Args {
			c.Args[i] = strings.ReplaceAll(c.Args[i], "$("+e.Name+")", value)
		}
	}
	for _, a := range c.Args {
		cmd.Args = append(cmd.Args, p.paths(a))
	}
	cmd.Args = append(cmd.Args, "--web.listen-address="+addr)
	cmd.Args = append(cmd.Args, more...)
	p.Process, err = testbed.Run(cmd)
	must(p.t, err)
	testbed.Attach(p.t, p.Process)
	p.eventually("it answers", func() (bool, error) {
		if !p.Running() {
			p.t.Fatalf("%s ended:\n%s", d.Name, p.Tail(30))
		}
		code, _, err := p.get(c.LivenessProbe.HTTPGet.Path)
		return code == 200, err
	})
}

// env is what a kubelet makes of a variable.
func (p *pod) env(d *appsv1.Deployment, e *corev1.EnvVar) string {
	p.t.Helper()
	switch from := e.ValueFrom; {
	case from == nil:
		return e.Value
	case from.FieldRef != nil && from.FieldRef.FieldPath == "metadata.namespace":
		return d.Namespace
	case from.FieldRef != nil && from.FieldRef.FieldPath == "metadata.uid":
		return "uid-of-" + d.Name
	case from.ResourceFieldRef != nil && from.ResourceFieldRef.Resource == "limits.memory":
		return fmt.Sprint(d.Spec.Template.Spec.Containers[0].Resources.Limits.Memory().Value())
	}
	p.t.Fatalf("what is the variable %s?", e.Name)
	return ""
}

// paths puts the volumes' folders where their paths are.
func (p *pod) paths(s string) string {
	byLength := slices.SortedFunc(maps.Values(p.volumes), func(a, b *volume) int { return len(b.path) - len(a.path) })
	for _, v := range byLength {
		s = strings.ReplaceAll(s, v.path+"/", v.dir+"/")
	}
	return s
}

// mount writes a volume's files as a kubelet does, at first and when they
// change: into a new folder, which a rename of the link ..data makes all at once
// the one that counts.
func (p *pod) mount(name string, files map[string]string) {
	p.t.Helper()
	dir := p.volumes[name].dir
	fresh, err := os.MkdirTemp(dir, "..")
	must(p.t, err)
	for file, content := range files {
		must(p.t, os.WriteFile(filepath.Join(fresh, file), []byte(p.paths(content)), 0o600))
	}
	data := filepath.Join(dir, "..data")
	old, _ := os.Readlink(data) // none at first
	must(p.t, os.Symlink(filepath.Base(fresh), data+"_tmp"))
	must(p.t, os.Rename(data+"_tmp", data))
	for file := range files {
		if err := os.Symlink(filepath.Join("..data", file), filepath.Join(dir, file)); err != nil && !os.IsExist(err) {
			p.t.Fatal(err)
		}
	}
	if old != "" {
		must(p.t, os.RemoveAll(filepath.Join(dir, old)))
	}
}

func (p *pod) get(path string) (code int, body string, err error) {
	return testbed.Get(p.t.Context(), p.url+path)
}

// isReady waits for the readiness probe.
func (p *pod) isReady() {
	p.t.Helper()
	p.eventually("it is ready", func() (bool, error) {
		code, body, err := p.get(p.ready)
		if err == nil && code != 200 {
			err = fmt.Errorf("%d %s", code, body)
		}
		return code == 200, err
	})
}

// eventually polls until ok.
func (p *pod) eventually(what string, ok func() (bool, error)) {
	p.t.Helper()
	ctx, cancel := context.WithTimeout(p.t.Context(), 90*time.Second)
	defer cancel()
	if err := testbed.Poll(ctx, "until "+what, func(context.Context) (bool, error) { return ok() }); err != nil {
		p.t.Fatal(err)
	}
}
