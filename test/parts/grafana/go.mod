module github.com/kubebark/kubebark/test/parts/grafana

go 1.26.0

// The types of Grafana 11.4: of the SDK's branches for 11 the only one of which the
// module proxy has a commit.
require github.com/grafana/grafana-foundation-sdk/go v0.0.0-20250310114924-e8eb8530bc7c
