// Package chat plays those whom Alertmanager's own receivers speak to: a Slack
// webhook, WeCom's API, a DingTalk group behind its bridge, a mail server and a
// webhook. Each is as strict as the real one about what it takes, answers as
// that does, and remembers what it was told.
//
// The tests send kubebark's alerts, as the exporter makes them, through a real
// Alertmanager with the configuration that deploy/examples ships, and hold what
// arrives against texts that people can read.
package chat
