// Package lookup asks the API server about the objects that events name: which
// controller is at the end of an object's owner chain, whether the object is
// still there, and why a pod's container died.
//
// A [Client] reads metadata alone where that is enough. It has a budget of
// requests, a time limit for each question, one request at a time for an
// object, and a bounded memory of answers, of those too that there is no such
// object or that asking is forbidden. What is forbidden is said once in the
// log and not tried again for a while, so that a client without rights costs
// the API server next to nothing.
//
// Kinds that are not in its table are never asked for: an owner of such a kind
// is the end of the chain.
package lookup
