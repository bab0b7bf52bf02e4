module github.com/kubebark/kubebark/test

go 1.26.0

require github.com/kubebark/kubebark v0.0.0

require (
	github.com/google/go-cmp v0.7.0 // indirect
	go.uber.org/goleak v1.3.0 // indirect
)

replace github.com/kubebark/kubebark => ..
