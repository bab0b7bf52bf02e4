// Package phone stands in for a bark-server and the phones behind it, in one
// http.Handler.
//
// A push comes in on bark-server's own API ([Server.ServeHTTP]), is read as
// bark-server reads it, turned into the payload that Apple's push service
// would carry, measured against that service's limit, and handed to the
// [Device] that its key names. The device does what the Bark app and iOS
// would: it decrypts, replaces the notification that has the same id, removes,
// stacks, rings or stays quiet, counts its badge, keeps a history.
//
// Tests read what came ([Device.Requests]) and what the phone shows
// ([Device.State]), wait for either ([Device.Wait]), and make the server or
// one device fail ([Server.Fail], [Device.Fail]). People look at the page
// under /phone/: each device's lock screen, live.
//
// The answers are those that bark-server 2.3.4 was seen to give; the contract
// tests quote them.
package phone
