package lookup

import "testing"

func TestPodStatus(t *testing.T) {
	for _, tt := range []struct{ name, path, body, want string }{
		{
			"crash loop", "spec.containers{app}",
			`{"spec":{"nodeName":"node-1"},"status":{"phase":"Running","containerStatuses":[
				{"name":"side","image":"lab/side:1","restartCount":0,"state":{"running":{}}},
				{"name":"app","image":"lab/app:1","restartCount":4,"state":{"waiting":{"reason":"CrashLoopBackOff","message":"long"}},
				 "lastState":{"terminated":{"exitCode":137,"reason":"OOMKilled"}}}]}}`,
			"container app: CrashLoopBackOff; last exit 137 (OOMKilled); 4 restarts; node node-1; image lab/app:1",
		},
		{
			"the worst of them", "",
			`{"status":{"initContainerStatuses":[{"name":"init","image":"i","state":{"terminated":{"exitCode":0,"reason":"Completed"}}}],
			 "containerStatuses":[
				{"name":"a","image":"a","restartCount":1,"state":{"running":{}},"lastState":{"terminated":{"exitCode":1,"reason":"Error"}}},
				{"name":"b","image":"b","state":{"waiting":{"reason":"ImagePullBackOff"}}}]}}`,
			"container b: ImagePullBackOff; image b",
		},
		{
			"killed by a signal, once", "",
			`{"spec":{"nodeName":"n"},"status":{"containerStatuses":[{"name":"a","restartCount":1,"state":{"running":{}},
				"lastState":{"terminated":{"exitCode":0,"signal":9}}}]}}`,
			"container a; last exit 0 (signal 9); 1 restart; node n",
		},
		{
			"evicted", "", `{"spec":{"nodeName":"n"},"status":{"phase":"Failed","reason":"Evicted"}}`,
			"pod failed: Evicted; node n",
		},
		{
			"only being made", "", `{"spec":{"nodeName":"n"},"status":{"phase":"Pending","containerStatuses":[
				{"name":"a","image":"a","state":{"waiting":{"reason":"ContainerCreating"}}}]}}`, "",
		},
		{"not scheduled", "", `{"status":{"phase":"Pending"}}`, ""},
	} {
		t.Run(tt.name, func(t *testing.T) {
			f := newFixture(t)
			f.server.set(podPath, tt.body)
			o := thePod()
			o.FieldPath = tt.path
			got, err := f.PodStatus(t.Context(), o)
			if err != nil || got != tt.want {
				t.Errorf("%q, %v\nwant %q", got, err, tt.want)
			}
		})
	}
}

func TestPodStatusOfNone(t *testing.T) {
	f := newFixture(t)
	o := thePod()
	o.Name = "ghost"
	if s, err := f.PodStatus(t.Context(), o); s != "" || err != nil {
		t.Errorf("%q, %v", s, err)
	}
	f.server.set(podPath, "[")
	if _, err := f.PodStatus(t.Context(), thePod()); err == nil {
		t.Error("nonsense is taken")
	}
	o.Kind = "Node"
	if _, err := f.PodStatus(t.Context(), o); err == nil {
		t.Error("a node has no such status")
	}
}
