module github.com/kubebark/kubebark/test

go 1.26

require github.com/kubebark/kubebark v0.0.0

replace github.com/kubebark/kubebark => ..
