package main

import (
	"context"
	"errors"
	"fmt"

	"github.com/alecthomas/kingpin/v2"

	"github.com/kubebark/kubebark/barkreceiver"
	"github.com/kubebark/kubebark/barkreceiver/config"
)

func addPush(app *kingpin.Application, commands map[string]func() error, std stdio) {
	c := app.Command("push", "Send one test push to a receiver's devices and print each one's answer.")
	configFile := c.Flag("config.file", "Path to the configuration file.").Required().String()
	receiver := c.Flag("receiver", "Receiver to push to.").Required().String()
	title := c.Flag("title", "Title of the push.").Default("Test").String()
	body := c.Flag("body", "Body of the push.").Default("A test push of alertmanager-bark.").String()
	commands["push"] = func() error { return push(*configFile, *receiver, *title, *body, std) }
}

func push(configFile, receiver, title, body string, std stdio) error {
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
		fmt.Fprintln(std.out, line)
	}
	if !ok {
		return errors.New("not every device has the push")
	}
	return nil
}
