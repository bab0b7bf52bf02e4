// Package rule decides which events become alerts, and what such an alert says.
//
// A [Config] is the section alerts of the configuration. [Compile] makes a
// [Set] of it: the user's rules, then the built-in ones of builtin.yaml, then
// the default that lets every Warning alert. [Set.Match] gives the first
// [Rule] that matches an event, and the rule gives the alert's labels, from
// the event alone, and its annotations, from the [Facts] of an episode.
//
// Everything that can fail is tried when the rules are compiled: matchers are
// parsed by Alertmanager's own parser, templates are parsed and executed on a
// sample. A template of a label sees neither message, count, time nor UID.
package rule
