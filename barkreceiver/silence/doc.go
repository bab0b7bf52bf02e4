// Package silence lets who got a push silence its alerts from the phone.
//
// The push's url is a link to [Handler], which shows what would be silenced
// and asks for how long; only the answer, a POST, makes silences in
// Alertmanager. A link names the alerts by their fingerprints, is signed and
// expires, so it works on any replica and after a restart, tells nothing to
// who sees it, and opens nothing else. It can be used once: the silences that
// it made carry its number, and Alertmanager is asked for it.
//
// The silences match the alerts of the push by all their labels, so that they
// match these and no others that a group by namespace, say, would take along.
package silence
