package push

import "testing"

func TestClassify(t *testing.T) {
	refused := func(s scope) answer { return answer{outcome: Refused, scope: s} }
	retry := func(s scope) answer { return answer{outcome: Retry, scope: s} }
	for _, tt := range []struct {
		code    int
		message string
		want    answer
	}{
		{200, "success", answer{outcome: Delivered}},

		{400, "failed to get device token: failed to get [abc] device token from database", refused(ofDevice)},
		{400, "failed to get device token: device token invalid", refused(ofDevice)},
		{400, "failed to get device token: sql: no rows in result set", refused(ofDevice)},
		{400, "failed to get device token: dial tcp 10.0.0.1:3306: connect: connection refused", retry(ofServer)},
		{400, "failed to get device token: invalid connection", retry(ofServer)},
		{400, "device key is empty", answer{outcome: Refused, scope: ofDevice, noBatch: true}},
		{400, "invalid type for device_keys", answer{outcome: Refused, scope: ofDevice, noBatch: true}},
		{400, "request bind failed: invalid character", refused(ofMessage)},
		{400, "batch push count exceeds the maximum limit: 5", answer{outcome: Refused, scope: ofMessage, batch: 5}},
		{400, "batch push count exceeds the maximum limit: 1", answer{outcome: Refused, scope: ofMessage, batch: 1, noBatch: true}},
		{400, "something else", refused(ofDevice)},

		{500, "push failed: BadDeviceToken", refused(ofDevice)},
		{500, "push failed: Unregistered", refused(ofDevice)},
		{500, "push failed: DeviceTokenNotForTopic", refused(ofDevice)},
		{500, "push failed: MissingDeviceToken", refused(ofDevice)},
		{500, "push failed: BadPath", refused(ofDevice)},
		{500, "push failed: BadCollapseId", refused(ofMessage)},
		{500, "push failed: PayloadTooLarge", answer{outcome: Refused, scope: ofMessage, tooLarge: true}},
		{500, "interface conversion: interface {} is float64, not string", refused(ofMessage)},
		{500, "push failed: TooManyRequests", retry(ofDevice)},
		{500, "push failed: InternalServerError", retry(ofDevice)},
		{500, "push failed: ServiceUnavailable", retry(ofDevice)},
		{500, "push failed: Shutdown", retry(ofDevice)},
		{500, `push failed: Post "https://api.push.apple.com/3/device/0123": dial tcp: i/o timeout`, retry(ofServer)},
		{500, "push failed: ExpiredProviderToken", answer{outcome: Retry, scope: ofServer, slow: true}},
		{500, "push failed: InvalidProviderToken", answer{outcome: Retry, scope: ofServer, slow: true}},
		{500, "<html>Internal Server Error</html>", retry(ofServer)},

		{429, "", retry(ofServer)},
		{502, "", retry(ofServer)},
		{503, "", retry(ofServer)},
		{504, "", retry(ofServer)},
		{408, "", retry(ofServer)},
		{520, "", retry(ofServer)},
		{301, "", refused(ofDevice)},
		{401, "", refused(ofDevice)},
		{403, "", refused(ofDevice)},
		{404, "Cannot POST /push", refused(ofDevice)},
		{405, "", refused(ofDevice)},
		{413, "", refused(ofMessage)},
		{418, "I'm a teapot", refused(ofDevice)},
	} {
		if got := classify(tt.code, tt.message); got != tt.want {
			t.Errorf("%d %q: %+v, want %+v", tt.code, tt.message, got, tt.want)
		}
	}
}
