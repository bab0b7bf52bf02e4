package main

import (
	"encoding/json"
	"fmt"
	"io"
	"time"

	"github.com/kubebark/kubebark/barkreceiver"
	"github.com/kubebark/kubebark/barkreceiver/config"
	"github.com/kubebark/kubebark/barkreceiver/render"
	"github.com/kubebark/kubebark/barkreceiver/webhook"
	"github.com/kubebark/kubebark/internal/cli"
)

func addRender(app *cli.App) {
	c := app.Command("render", "Read a webhook body and print each request to Bark as JSON, with the keys masked. Sends nothing.")
	configFile := c.Flag("config.file", "Path to the configuration file.").Required().String()
	receiver := c.Flag("receiver", "Receiver to render for; default is the one that the body names.").String()
	file := c.Arg("FILE", "Webhook body; default is standard input.").String()
	app.Handle(c, func() error { return renderBody(*configFile, *receiver, *file, app.Stdio) })
}

func renderBody(configFile, receiver, file string, std cli.Stdio) error {
	c, _, err := config.Load(configFile)
	if err != nil {
		return unreadable(err)
	}
	in, label, err := std.Open(file)
	if err != nil {
		return err
	}
	defer in.Close()
	body, err := io.ReadAll(io.LimitReader(in, webhook.MaxSize))
	if err != nil {
		return fmt.Errorf("read %s: %w", label, err)
	}
	m, err := webhook.Decode(body)
	if err != nil {
		return fmt.Errorf("%s: %w", label, err)
	}
	if receiver == "" {
		receiver = m.Receiver
	}
	r, err := find(c, receiver)
	if err != nil {
		return err
	}
	requests, err := barkreceiver.Requests(r, render.Input{Message: m, Now: time.Now()})
	enc := json.NewEncoder(std.Out)
	enc.SetEscapeHTML(false)
	enc.SetIndent("", "  ")
	for _, req := range requests {
		if err := enc.Encode(req); err != nil {
			return fmt.Errorf("print request: %w", err)
		}
	}
	return err
}

func find(c *config.Config, receiver string) (*config.Receiver, error) {
	r := c.Find(webhook.Names(receiver))
	if r == nil {
		return nil, cli.UsageError{Err: fmt.Errorf("there is no receiver %q in the configuration, and no default_receiver", receiver)}
	}
	return r, nil
}
