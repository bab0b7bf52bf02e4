package push

import (
	"net/http"
	"regexp"
	"slices"
	"strconv"
	"strings"
)

// Outcome is what became of a push to one device.
type Outcome int

// The outcomes of a push to one device.
const (
	Retry     Outcome = iota // it may work on another try, or may have worked unnoticed
	Delivered                // Apple's push service took it
	Refused                  // it will not work as it is
)

// String returns the outcome's name in metrics.
func (o Outcome) String() string {
	switch o {
	case Delivered:
		return "delivered"
	case Refused:
		return "refused"
	}
	return "retry"
}

// scope is what an outcome says something about.
type scope int

const (
	ofServer  scope = iota // all pushes to this server
	ofDevice               // all pushes to this device
	ofMessage              // this push only
)

// answer is the judgement of a server's answer about one device.
type answer struct {
	outcome  Outcome
	scope    scope
	slow     bool // a server's fault that takes somebody's hand
	tooLarge bool
	noBatch  bool // the server does not know device_keys
	batch    int  // the most keys that it takes at once; 0 if it said nothing
}

var batchLimit = regexp.MustCompile(`^batch push count exceeds the maximum limit: (\d+)`)

// classify judges an HTTP status, or a batch item's code, with bark-server's
// message.
func classify(code int, message string) answer {
	switch code {
	case http.StatusOK:
		return answer{outcome: Delivered}
	case http.StatusBadRequest:
		return classify400(message)
	case http.StatusInternalServerError:
		return classify500(message)
	case http.StatusRequestTimeout, http.StatusTooEarly, http.StatusTooManyRequests,
		http.StatusBadGateway, http.StatusServiceUnavailable, http.StatusGatewayTimeout:
		return answer{outcome: Retry, scope: ofServer} // a proxy's
	case http.StatusRequestEntityTooLarge:
		return answer{outcome: Refused, scope: ofMessage}
	}
	if code > 500 {
		return answer{outcome: Retry, scope: ofServer}
	}
	return answer{outcome: Refused, scope: ofDevice} // wrong URL, prefix or credentials
}

func classify400(message string) answer {
	if m := batchLimit.FindStringSubmatch(message); m != nil {
		n, err := strconv.Atoi(m[1])
		return answer{outcome: Refused, scope: ofMessage, noBatch: err != nil || n < 2, batch: n}
	}
	const noToken = "failed to get device token: "
	cause, ok := strings.CutPrefix(message, noToken)
	switch {
	case message == "device key is empty", strings.HasPrefix(message, "invalid type for device_keys"):
		return answer{outcome: Refused, scope: ofDevice, noBatch: true}
	case strings.HasPrefix(message, "request bind failed"):
		return answer{outcome: Refused, scope: ofMessage}
	case ok && !knownTokenFault(cause):
		// A server on MySQL words an outage of its database so.
		return answer{outcome: Retry, scope: ofServer}
	}
	return answer{outcome: Refused, scope: ofDevice}
}

// knownTokenFault tells whether the key itself is at fault: unknown, or its
// token was emptied.
func knownTokenFault(cause string) bool {
	return cause == "device token invalid" ||
		cause == "sql: no rows in result set" ||
		strings.HasPrefix(cause, "failed to get [") && strings.HasSuffix(cause, "device token from database")
}

func classify500(message string) answer {
	reason, ok := strings.CutPrefix(message, "push failed: ")
	switch {
	case strings.HasPrefix(message, "interface conversion"):
		return answer{outcome: Refused, scope: ofMessage}
	case !ok, strings.HasPrefix(reason, "Post "):
		return answer{outcome: Retry, scope: ofServer} // a proxy's, or no way to Apple
	}
	deviceFaults := []string{"BadDeviceToken", "Unregistered", "DeviceTokenNotForTopic", "MissingDeviceToken", "BadPath"}
	switch {
	case reason == "PayloadTooLarge":
		return answer{outcome: Refused, scope: ofMessage, tooLarge: true}
	case reason == "BadCollapseId":
		return answer{outcome: Refused, scope: ofMessage}
	case slices.Contains(deviceFaults, reason):
		return answer{outcome: Refused, scope: ofDevice}
	case reason == "ExpiredProviderToken", reason == "InvalidProviderToken":
		return answer{outcome: Retry, scope: ofServer, slow: true}
	}
	return answer{outcome: Retry, scope: ofDevice} // TooManyRequests, InternalServerError, …
}
