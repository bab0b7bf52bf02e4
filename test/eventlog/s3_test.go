package eventlog

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/rclone/gofakes3"
	"github.com/rclone/gofakes3/s3mem"

	"github.com/kubebark/kubebark/test/testbed"
)

const (
	bucket  = "kubernetes-events"
	ofFiles = "prod-eu/events-"
	counted = `kube_event_occurrences_total{component="kubelet",kind="Pod",namespace="shop",reason="BackOff",type="Warning"}`
)

// s3 is a store that speaks S3 and knows one key. It is busy at times, and at times the
// answer that it has an object is lost.
type s3 struct {
	w       *world
	objects *s3mem.Backend
	api     http.Handler

	mu      sync.Mutex
	down    bool
	refused int            // requests meanwhile
	puts    map[string]int // by path
	all     int            // … together
	busy    int            // … that it had no room for
	lost    int            // … of which the answer is lost
}

func newS3(w *world) *s3 {
	b := s3mem.New()
	w.must(b.CreateBucket(w.ctx, bucket))
	return &s3{
		w: w, objects: b, puts: make(map[string]int),
		api: gofakes3.New(b, gofakes3.WithV4Auth(map[string]string{"events": "secret"})).Server(),
	}
}

// ServeHTTP implements [http.Handler].
func (s *s3) ServeHTTP(rw http.ResponseWriter, r *http.Request) {
	full, lose := s.fate(r)
	if full {
		rw.WriteHeader(http.StatusServiceUnavailable)
		_, _ = io.WriteString(rw, `<?xml version="1.0"?><Error><Code>SlowDown</Code><Message>Please reduce your request rate.</Message></Error>`)
		return
	}
	if !lose {
		s.api.ServeHTTP(rw, r)
		return
	}
	s.api.ServeHTTP(unheard{header: make(http.Header)}, r)
	panic(http.ErrAbortHandler) // it has the object, and the connection ends
}

// fate tells whether the store refuses a request for now, and whether its answer is lost.
func (s *s3) fate(r *http.Request) (full, lose bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.down {
		s.refused++
		return true, false
	}
	if r.Method != http.MethodPut {
		return false, false
	}
	s.puts[r.URL.Path]++
	s.all++
	switch s.all % 4 {
	case 1:
		s.busy++
		return true, false
	case 3:
		s.lost++
		return false, true
	}
	return false, false
}

func (s *s3) outOfOrder(down bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.down = down
}

func (s *s3) refusals() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.refused
}

// unheard is an answer that nobody gets.
type unheard struct{ header http.Header }

func (u unheard) Header() http.Header       { return u.header }
func (unheard) Write(b []byte) (int, error) { return len(b), nil }
func (unheard) WriteHeader(int)             {}

// read reads all that is in the bucket, and the file that is written now.
func (s *s3) read() ([]got, error) {
	list, err := s.objects.ListBucket(s.w.ctx, bucket, new(gofakes3.Prefix), gofakes3.ListBucketPage{})
	if err != nil {
		return nil, err
	}
	var all []got
	for _, item := range list.Contents {
		if !strings.HasPrefix(item.Key, ofFiles) {
			return nil, fmt.Errorf("there is an object %s", item.Key)
		}
		o, err := s.objects.GetObject(s.w.ctx, bucket, item.Key, nil)
		if err != nil {
			return nil, err
		}
		lines, err := io.ReadAll(o.Contents)
		if err := errors.Join(err, o.Contents.Close()); err != nil {
			return nil, err
		}
		if all, err = appendLines(all, lines); err != nil {
			return nil, fmt.Errorf("%w in %s", err, item.Key)
		}
	}
	lines, err := os.ReadFile(filepath.Join(s.w.dir, "events.jsonl"))
	if err != nil {
		return nil, err
	}
	return appendLines(all, lines)
}

func appendLines(all []got, lines []byte) ([]got, error) {
	for line := range bytes.Lines(lines) {
		g, err := document(line)
		if err != nil {
			return nil, fmt.Errorf("%w in %.300q", err, line)
		}
		all = append(all, g)
	}
	return all, nil
}

// TestS3: the file, rclone, S3. While S3 is away rclone is killed, and the exporter each
// time that it has just set a file aside, so that what the state file does not have yet
// is in an old file.
func TestS3(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	s := newS3(w)
	store := w.serve(s)
	w.startRclone(store.url())
	config := filepath.Join(w.dir, "exporter.yml")
	w.must(os.WriteFile(config, []byte("metrics: {new_series_delay: 0s}\nevent_log: {rotation: {max_size_mb: 1, keep_files: 0}}\n"), 0o600))
	w.startExporter("--config.file="+config, "--event-log.file="+filepath.Join(w.dir, "events.jsonl"))
	w.happen(300)
	w.setAside()
	w.tenMinutesLater()
	w.nothingLeft()

	s.outOfOrder(true)
	over := time.Now().Add(outage())
	w.setAside()
	w.killExporter()
	found := w.foundAgain()
	w.tenMinutesLater()
	w.eventually("rclone has tried", func() (bool, error) { return s.refusals() > 0, nil })
	w.running.Kill()
	store.away()
	w.running = w.run(w.shipper)
	w.must(w.running.WaitLog(w.ctx, "connection refused"))
	for time.Now().Before(over) {
		w.setAside()
		w.tenMinutesLater()
	}
	w.setAside()
	w.handedOn()
	w.exporter.Kill()
	last := w.lastOld()
	s.outOfOrder(false)
	store.back()
	w.happen(300)
	other := filepath.Join(w.dir, "events-of-others.jsonl") // gone, rclone has been here
	w.must(os.WriteFile(other, nil, 0o600))
	w.must(os.Chtimes(other, longAgo(), longAgo()))
	w.eventually("all is taken but the last old file", func() (bool, error) {
		left := w.oldFiles()
		return len(left) < 2, fmt.Errorf("there are %v", left)
	})
	if w.lastOld() != last {
		t.Error("the file that was set aside last is taken at once")
	}
	w.exporter = w.run("kube-event-exporter")
	w.ready()
	found += w.foundAgain()
	w.happen(300)
	w.tenMinutesLater()
	if sum := w.readsBack(s.read); sum.repeats > 0 {
		t.Errorf("%d records are there twice", sum.repeats)
	}
	w.nothingLeft()
	s.mu.Lock()
	defer s.mu.Unlock()
	t.Logf("%d objects in %d requests, of which %d were put off and of %d the answer was lost; %d more were refused in the outage; %v occurrences were found in the log by the exporter when it came back",
		len(s.puts), s.all, s.busy, s.lost, s.refused, found)
	if s.busy == 0 || s.lost == 0 {
		t.Error("the store was never busy, or no answer was lost")
	}
}

// startRclone runs the shipped script with the shipped configuration.
func (w *world) startRclone(url string) {
	w.t.Helper()
	path, err := testbed.Binary("", "rclone")
	if err != nil {
		w.t.Skip("needs Debian's rclone, which `make shippers` brings where apt is at hand")
	}
	config := w.example("rclone.conf", map[string]string{"https://s3.example.com": url})
	script := w.example("rclone.sh", map[string]string{
		"rclone --config": path + " --config", "/etc/rclone/rclone.conf": config, "/var/log/events": w.dir,
		"sleep 60": "sleep 0.2",
	})
	w.shipper = "rclone"
	w.again[w.shipper] = testbed.Command{
		Name: w.shipper, Path: "/bin/sh", Args: []string{script}, Dir: w.dir,
		Env: []string{
			"HOME=" + w.dir, "AWS_ACCESS_KEY_ID=events", "AWS_SECRET_ACCESS_KEY=secret",
			"AWS_SESSION_TOKEN=", "AWS_PROFILE=", "AWS_CA_BUNDLE=", // those of whoever runs the test
		},
	}
	w.running = w.run(w.shipper)
}

// setAside lets things happen until the exporter begins a new file. What the old files
// have the state file has by then: of them only the last one is read at a start.
func (w *world) setAside() {
	w.t.Helper()
	w.kept()
	before := w.lastOld()
	w.eventually("a file is set aside", func() (bool, error) {
		w.happen(100)
		return w.lastOld() > before, nil
	})
}

// kept waits until the state file has all that happened, which is what is shown.
func (w *world) kept() {
	w.t.Helper()
	all := 0.0
	for _, e := range w.live {
		all += float64(e.Count)
	}
	w.eventually("the state is kept", func() (bool, error) {
		n, err := w.metric(counted)
		return n == all, errors.Join(err, fmt.Errorf("it has %v of %v", n, all))
	})
}

// tenMinutesLater is when rclone takes the old files that there are.
func (w *world) tenMinutesLater() {
	w.t.Helper()
	w.kept()
	for _, name := range w.oldFiles() {
		if err := os.Chtimes(name, longAgo(), longAgo()); !errors.Is(err, os.ErrNotExist) {
			w.must(err)
		}
	}
}

func longAgo() time.Time { return time.Now().Add(-10 * time.Minute) }

func (w *world) nothingLeft() {
	w.t.Helper()
	w.eventually("no old file is left", func() (bool, error) {
		left := w.oldFiles()
		return len(left) == 0, fmt.Errorf("there are %v", left)
	})
}

// foundAgain is how much the exporter did not write because the log had it.
func (w *world) foundAgain() float64 {
	w.t.Helper()
	n, err := w.metric("kube_event_exporter_event_log_repeats_total")
	w.must(err)
	return n
}

// lastOld is the file that was last set aside, "" if it was taken.
func (w *world) lastOld() string {
	w.t.Helper()
	olds := w.oldFiles()
	if len(olds) == 0 {
		return ""
	}
	return olds[len(olds)-1]
}

// oldFiles are the files that were set aside and not taken, the oldest first.
func (w *world) oldFiles() []string {
	w.t.Helper()
	names, err := filepath.Glob(filepath.Join(w.dir, "events-*.jsonl"))
	w.must(err)
	slices.Sort(names)
	return names
}
