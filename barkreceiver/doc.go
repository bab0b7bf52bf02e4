// Package barkreceiver is alertmanager-bark: it takes alert groups from
// Alertmanager's webhook and pushes them to phones through Bark.
//
// A message goes through [App.Handler] like this: it is read and decoded
// (package webhook) and the receiver that it is for is found; its push is
// rendered (render), encrypted for the devices that want it (seal), and held
// against what each device was last told (dedup); what is news goes out
// (push), to the receiver's fallback where nobody else can be told; and the
// devices' outcomes become the one answer that makes Alertmanager do the right
// thing: be content, come back at once, or come back later.
//
// Reading and rendering are bounded by the bytes of the messages in memory,
// pushing by the number of messages under way, of which no more than the
// rendered pushes is kept. Who finds no room is asked to come back.
//
// The configuration is swapped whole; what devices were told and the metrics
// outlive it.
package barkreceiver
