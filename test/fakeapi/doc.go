// Package fakeapi is an API server for Events and nothing else, for what the
// real one cannot be made to show at will, and for load. It keeps events in
// memory, lists them in pages and lets them be watched from a version on, in
// protobuf and in JSON, as kube-apiserver does that has events in etcd and not
// in its watch cache: no bookmarks but the one that ends the initial events,
// 410 in the stream for a version that was compacted away, a deletion that
// carries the last content with the deletion's version.
//
// A [Store] holds the events. Its writes are methods, for whoever plays the
// recorders is in the same process. Each write is encoded once, whoever
// watches. A [Server] serves a store over plain HTTP on 127.0.0.1, and can be
// made to fail: see its methods in fault.go.
//
// What it leaves out answers with an error instead of a guess: selectors but
// that of a shard, other resources, writes over HTTP.
package fakeapi
