package lookup

import "errors"

// Why nothing can be told about an object. [Client.Describe] returns all of
// them, the other questions those that they say.
var (
	// ErrGone: there was one, or there never was.
	ErrGone = errors.New("there is no such object any more")
	// ErrForbidden: we have no right to see it.
	ErrForbidden = errors.New("it may not be seen")
	// ErrLate: the server did not answer in time, or there was no budget for the
	// request.
	ErrLate = errors.New("there was no answer in time")
	// ErrUnknown: it is of a kind that is not asked for, or has a name that no
	// object can have.
	ErrUnknown = errors.New("it is not of a kind that is looked up")
)
