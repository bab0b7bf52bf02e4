package otlp

import (
	"fmt"
	"net/http"
	"strconv"
	"time"
)

// RefusedError is the error of a request that is not taken, and would not be if it
// came again.
type RefusedError struct{ Why string }

// Error implements error.
func (e *RefusedError) Error() string { return "refused: " + e.Why }

// PartialError is the error of a request of which some records were not taken; the
// others were.
type PartialError struct {
	Rejected int64
	Why      string
}

// Error implements error.
func (e *PartialError) Error() string {
	return fmt.Sprintf("refused %d records: %s", e.Rejected, e.Why)
}

// LaterError is the error of a request that may be taken later.
type LaterError struct {
	Why   string
	After time.Duration // not before; 0 if nothing is said
}

// Error implements error.
func (e *LaterError) Error() string { return e.Why }

// httpError is the error of a status that is not 2xx. A collector that has no
// queue says 500 where its store has refused records for good. Who has the wrong
// credentials or is at the wrong place will be heard once that is put right.
func httpError(resp *http.Response, text string) error {
	why := "status " + resp.Status
	if text != "" {
		why += ": " + text
	}
	switch resp.StatusCode {
	case http.StatusBadRequest, http.StatusRequestEntityTooLarge, http.StatusUnprocessableEntity, http.StatusInternalServerError:
		return &RefusedError{Why: why}
	}
	after, err := strconv.Atoi(resp.Header.Get("Retry-After"))
	if err != nil || after < 0 {
		after = 0
	}
	return &LaterError{Why: why, After: time.Duration(after) * time.Second}
}

// The codes of gRPC that say that the records are at fault, or that they are too
// large.
const (
	codeInvalidArgument   = 3
	codeResourceExhausted = 8
	codeOutOfRange        = 11
	codeInternal          = 13
	codeDataLoss          = 15
)

// grpcError is the error of a code that is not OK. Resources are exhausted by a
// message that is too large, too; then nothing is said about later.
func grpcError(code int, text string, after time.Duration) error {
	why := fmt.Sprintf("code %d", code)
	if text != "" {
		why += ": " + text
	}
	switch code {
	case codeInvalidArgument, codeOutOfRange, codeInternal, codeDataLoss:
		return &RefusedError{Why: why}
	case codeResourceExhausted:
		if after == 0 {
			return &RefusedError{Why: why}
		}
	}
	return &LaterError{Why: why, After: after}
}
