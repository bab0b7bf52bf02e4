// Picture takes pictures of the dashboards: it plays the stage, asks the
// Prometheus there each panel's queries, and has Chromium draw the answers with
// the components that Grafana itself draws panels with.
//
//	picture --web DIR --out ../docs/images
//
// It is not Grafana: the frame around the panels, the legend's and tables'
// details and all that needs a backend are missing.
package main

import (
	"context"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/chromedp/chromedp"
	v1 "github.com/prometheus/client_golang/api/prometheus/v1"
	"github.com/prometheus/common/model"

	"github.com/kubebark/kubebark/test/browser"
	"github.com/kubebark/kubebark/test/mixin"
	"github.com/kubebark/kubebark/test/mixin/board"
	"github.com/kubebark/kubebark/test/mixin/stage"
)

const (
	limit        = 10 * time.Minute
	rateInterval = 15 * time.Second
	width        = 1480
)

func main() {
	if err := run(); err != nil {
		fmt.Fprintln(os.Stderr, "picture:", err)
		os.Exit(1)
	}
}

func run() error {
	web := flag.String("web", "", "folder of the page that draws panels")
	out := flag.String("out", ".", "folder for the pictures")
	data := flag.String("data", "", "folder to keep the answers in; one that has some is drawn as it is")
	speed := flag.Float64("speed", 4, "of the replay")
	flag.Parse()
	ctx, cancel := context.WithTimeout(context.Background(), limit)
	defer cancel()
	answers, err := kept(*data)
	if err != nil {
		return err
	}
	if len(answers) == 0 {
		if answers, err = play(ctx, *speed); err != nil {
			return err
		}
	}
	if err := keep(*data, answers); err != nil {
		return err
	}
	return draw(ctx, answers, *web, *out)
}

// kept reads answers of a former run.
func kept(dir string) (map[string][]byte, error) {
	files, err := filepath.Glob(filepath.Join(dir, "*.json"))
	if dir == "" || err != nil {
		return nil, err
	}
	answers := make(map[string][]byte)
	for _, path := range files {
		text, err := os.ReadFile(path)
		if err != nil {
			return nil, err
		}
		answers[strings.TrimSuffix(filepath.Base(path), ".json")] = text
	}
	return answers, nil
}

func keep(dir string, answers map[string][]byte) error {
	if dir == "" {
		return nil
	}
	for name, text := range answers {
		if err := os.WriteFile(filepath.Join(dir, name+".json"), text, 0o600); err != nil {
			return err
		}
	}
	return nil
}

// play plays the stage and returns the answers to each dashboard's queries.
func play(ctx context.Context, speed float64) (map[string][]byte, error) {
	dir, err := os.MkdirTemp("", "kubebark-picture-")
	if err != nil {
		return nil, err
	}
	defer os.RemoveAll(dir)
	rules, err := filepath.Abs("../mixin/rules.yml")
	if err != nil {
		return nil, err
	}
	recording, err := filepath.Abs("incident/incident.jsonl")
	if err != nil {
		return nil, err
	}
	fmt.Println("picture: an incident is replayed, which takes about two minutes …")
	s, err := stage.Start(ctx, stage.Options{Dir: dir, Bin: "../bin", Recording: recording, Rules: rules, Speed: speed})
	if err != nil {
		return nil, err
	}
	answers, err := ask(ctx, s)
	return answers, errors.Join(err, s.Stop())
}

// picture is what the page gets to draw a dashboard.
type picture struct {
	Board    json.RawMessage      `json:"board"`
	From     int64                `json:"from"` // milliseconds
	To       int64                `json:"to"`
	Interval int64                `json:"interval"`
	Answers  map[string][]*answer `json:"answers"` // by the panel's title
}

// answer is Prometheus's to one query.
type answer struct {
	RefID  string      `json:"refId"`
	Legend string      `json:"legend"`
	Result model.Value `json:"result"`
}

// ask waits until the stage has settled and asks all queries of all dashboards;
// the pictures it returns are JSON, by the dashboard's file.
func ask(ctx context.Context, s *stage.Stage) (map[string][]byte, error) {
	at, span, err := s.Settle(ctx)
	if err != nil {
		return nil, err
	}
	files, err := mixin.Render("../mixin", "")
	if err != nil {
		return nil, err
	}
	pictures := make(map[string][]byte)
	for name, file := range files {
		name, ok := strings.CutPrefix(strings.TrimSuffix(name, ".json"), "dashboards/")
		if !ok {
			continue
		}
		p := &picture{Board: file, From: at.Add(-span).UnixMilli(), To: at.UnixMilli(), Interval: 1000, Answers: make(map[string][]*answer)}
		if err := p.ask(ctx, s, at, span.Truncate(time.Second)); err != nil {
			return nil, fmt.Errorf("%s: %w", name, err)
		}
		text, err := json.Marshal(p)
		if err != nil {
			return nil, err
		}
		pictures[name] = []byte(s.Name(string(text)))
	}
	return pictures, nil
}

func (p *picture) ask(ctx context.Context, s *stage.Stage, at time.Time, span time.Duration) error {
	b, err := board.Parse(p.Board)
	if err != nil {
		return err
	}
	values := b.Everything(span, rateInterval)
	for _, panel := range b.Panels {
		for _, q := range panel.Targets {
			a := &answer{RefID: q.RefID, Legend: q.LegendFormat}
			expr := values.Fill(q.Expr)
			if q.Instant {
				a.Result, _, _, err = s.API.Query(ctx, expr, at)
			} else {
				a.Result, _, _, err = s.API.QueryRange(ctx, expr, v1.Range{Start: at.Add(-span), End: at, Step: time.Second})
			}
			if err != nil {
				return fmt.Errorf("%s: %w", panel.Title, err)
			}
			p.Answers[panel.Title] = append(p.Answers[panel.Title], a)
		}
	}
	return nil
}

// draw serves the page and takes a picture of each dashboard.
func draw(ctx context.Context, pictures map[string][]byte, web, out string) error {
	l, err := new(net.ListenConfig).Listen(ctx, "tcp", "127.0.0.1:0")
	if err != nil {
		return err
	}
	mux := http.NewServeMux()
	mux.Handle("/", http.FileServer(http.Dir(web)))
	for name, text := range pictures {
		mux.HandleFunc("/data/"+name, func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Content-Type", "application/json")
			w.Write(text)
		})
	}
	srv := &http.Server{Handler: mux, ReadHeaderTimeout: time.Minute}
	defer srv.Close()
	go func() { _ = srv.Serve(l) }() // until it is closed
	tab, stop, err := browser.Start(ctx)
	if err != nil {
		return err
	}
	defer stop()
	for name := range pictures {
		path := filepath.Join(out, "dashboard-"+name+".png")
		if err := shoot(tab, "http://"+l.Addr().String()+"/?board="+name, path); err != nil {
			return fmt.Errorf("picture of %s: %w", name, err)
		}
		fmt.Println("picture:", path)
	}
	return nil
}

func shoot(tab context.Context, url, path string) error {
	err := chromedp.Do(tab,
		chromedp.EmulateViewport(width, 1000),
		browser.Scheme("light"),
		chromedp.Navigate(url),
		chromedp.Poll[chromedp.Void]("document.body.dataset.drawn", chromedp.WithPollingTimeout(time.Minute)),
	)
	if err != nil {
		return err
	}
	drawn, err := chromedp.Run(tab, chromedp.Evaluate[string]("document.body.dataset.drawn"))
	if err != nil || drawn != "yes" {
		return errors.Join(err, errors.New(drawn))
	}
	height, err := chromedp.Run(tab, chromedp.Evaluate[int64]("document.querySelector('#board').scrollHeight + 24"))
	if err != nil {
		return err
	}
	if err := chromedp.Do(tab, chromedp.EmulateViewport(width, height), chromedp.Sleep(2*time.Second)); err != nil {
		return err
	}
	png, err := chromedp.Run(tab, chromedp.CaptureScreenshot())
	if err != nil {
		return err
	}
	return os.WriteFile(path, png, 0o644) //nolint:gosec // a picture for everybody
}
