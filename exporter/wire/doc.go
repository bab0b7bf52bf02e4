// Package wire reads what an API server answers about Events: a page of a
// list, and the frames of a watch.
//
// The answers are in protobuf, or in JSON where something between us and the
// server speaks nothing else; their first byte tells which. They are read one
// event at a time, in the caller's goroutine: client-go's decoder would hand
// each over from a goroutine of its own, and read all of it, where a small part
// is used. What is read is held against client-go's own in the tests.
package wire
