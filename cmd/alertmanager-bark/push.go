package main

import (
	"context"
	"errors"
	"fmt"

	"github.com/kubebark/kubebark/barkreceiver"
	"github.com/kubebark/kubebark/barkreceiver/config"
	"github.com/kubebark/kubebark/internal/cli"
)

func addPush(app *cli.App) {
	c := app.Command("push", "Send one test push to a receiver's devices and print each one's answer.")
	configFile := c.Flag("config.file", "Path to the configuration file.").Required().String()
	receiver := c.Flag("receiver", "Receiver to push to.").Required().String()
	title := c.Flag("title", "Title of the push.").Default("Test").String()
	body := c.Flag("body", "Body of the push.").Default("A test push of alertmanager-bark.").String()
	app.Handle(c, func() error { return push(*configFile, *receiver, *title, *body, app.Stdio) })
}

func push(configFile, receiver, title, body string, std cli.Stdio) error {
	c, _, err := config.Load(configFile)
	if err != nil {
		return unreadable(err)
	}
	r, err := find(c, receiver)
	if err != nil {
		return err
	}
	lines, ok, err := barkreceiver.SendTest(context.Background(), c, r, title, body)
	if err != nil {
		return err
	}
	for _, line := range lines {
		fmt.Fprintln(std.Out, line)
	}
	if !ok {
		return errors.New("not every device has the push")
	}
	return nil
}
