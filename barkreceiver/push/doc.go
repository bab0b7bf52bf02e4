// Package push speaks bark-server's push API.
//
// [Params] are what a push consists of; [Params.Size] is what Apple's push
// service will weigh. [Client.Push] sends one push to a number of devices, in
// batches where the server takes them, and says of each device whether it has
// the push, refuses it for good, or may take it on another try. The client
// remembers who refused and who asked for patience, so that a caller may come
// back as often as it likes without hammering the server.
//
// Device keys are secrets: a [Key] prints as a mask, and every text of a
// server is cleaned of keys and device tokens before it leaves the package.
package push
