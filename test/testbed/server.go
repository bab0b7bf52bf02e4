package testbed

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strings"
)

// ServerOptions says where a single server runs. The zero value is a free port
// and a temporary directory.
type ServerOptions struct {
	Dir    string   // for data, configuration and log; empty: a temporary one that Stop removes
	BinDir string   // where the program is; see [Binary]
	Port   int      // of 127.0.0.1; 0: a free one
	Args   []string // further flags

	// Program is another version of the program than the usual.
	Program string
}

// A Server is a real Alertmanager or Prometheus on loopback.
type Server struct {
	*Process

	url     string
	config  string
	dir     string
	tempDir bool // dir is ours to remove
}

// URL returns the server's address.
func (s *Server) URL() string { return s.url }

// ConfigFile returns the path of the server's configuration, which it reads
// anew on POST /-/reload.
func (s *Server) ConfigFile() string { return s.config }

// Stop ends the server and removes its directory if it is a temporary one.
func (s *Server) Stop() error {
	err := s.Process.Stop()
	if s.tempDir {
		err = errors.Join(err, os.RemoveAll(s.dir))
	}
	return err
}

// StartAlertmanager starts an Alertmanager with a configuration in YAML and
// returns it when it is ready. It is no cluster's member unless the flags say
// so.
func StartAlertmanager(ctx context.Context, config string, opts ServerOptions) (*Server, error) {
	return startServer(ctx, "alertmanager", config, opts, func(s *Server) []string {
		args := []string{"--storage.path=" + filepath.Join(s.dir, "alertmanager")}
		member := func(arg string) bool { return strings.HasPrefix(arg, "--cluster.listen-address=") }
		if !slices.ContainsFunc(opts.Args, member) {
			args = append(args, "--cluster.listen-address=")
		}
		return args
	})
}

// StartPrometheus starts a Prometheus with a configuration in YAML and returns
// it when it is ready.
func StartPrometheus(ctx context.Context, config string, opts ServerOptions) (*Server, error) {
	return startServer(ctx, "prometheus", config, opts, func(s *Server) []string {
		return []string{"--web.enable-lifecycle", "--storage.tsdb.path=" + filepath.Join(s.dir, "prometheus")}
	})
}

func startServer(ctx context.Context, name, config string, opts ServerOptions, args func(*Server) []string) (*Server, error) {
	bin, err := Binary(opts.BinDir, cmp.Or(opts.Program, name))
	if err != nil {
		return nil, err
	}
	s := new(Server)
	if s.dir, s.tempDir, err = workDir(opts.Dir, name+"-"); err != nil {
		return nil, err
	}
	s.config = filepath.Join(s.dir, name+".yml")
	if err := os.WriteFile(s.config, []byte(config), 0o600); err != nil {
		return nil, fmt.Errorf("write configuration of %s: %w", name, err)
	}
	run := func(ports []int) (*Process, error) {
		address := fmt.Sprintf("127.0.0.1:%d", ports[0])
		s.url = "http://" + address
		all := append([]string{"--config.file=" + s.config, "--web.listen-address=" + address}, args(s)...)
		p, err := Run(Command{Name: name, Path: bin, Dir: s.dir, Args: append(all, opts.Args...)})
		if err != nil {
			return nil, err
		}
		err = p.waitReady(ctx, http.DefaultClient, s.url+"/-/ready")
		if err == nil { // or else another's server has answered
			err = p.WaitLog(ctx, "Listening on")
		}
		return p.readyOrKill(err)
	}
	if opts.Port != 0 {
		s.Process, err = run([]int{opts.Port})
	} else {
		s.Process, err = onFreePorts(1, run)
	}
	if err != nil && s.tempDir {
		err = errors.Join(err, os.RemoveAll(s.dir))
	}
	if err != nil {
		return nil, fmt.Errorf("start %s: %w", name, err)
	}
	return s, nil
}
