# What the tests of the manifests run: kubectl, helm, and what the Prometheus
# operator brings. The root Makefile includes this after test/parts/parts.mk.

KUBECTL_STAMP  := $(call part-stamp,kubectl,$(PARTS)/kubectl/main.go)
HELM_STAMP     := $(call part-stamp,helm)
OPERATOR_STAMP := $(call part-stamp,operator,$(PARTS)/operator/main.go)
OPERATOR       := github.com/prometheus-operator/prometheus-operator
OPERATOR_CRDS  := servicemonitors prometheusrules alertmanagerconfigs alertmanagers

.PHONY: parts-deploy test-deploy test-image image-tools

parts-deploy: $(KUBECTL_STAMP) $(HELM_STAMP) $(OPERATOR_STAMP) ## what the tests of the manifests run
parts-test: parts-deploy

test-deploy: build parts-test ## Manifests, chart and image on a real API server.
	cd test && go test -count=1 ./deploy

e2e: image-tools

image-tools: ## installs buildah where apt and root are at hand
	@sh test/deploy/install.sh

# The image for each platform, twice; what make test does for one.
test-image: build parts-test image-tools
	cd test && go test -count=1 -timeout 1h -v -run TestImage ./deploy -args -platforms linux/amd64,linux/arm64

$(KUBECTL_STAMP):
	@$(PARTS)/build.sh kubectl $(PARTS_BIN) '1 min' kubectl=.
	@$(call part-done,kubectl)

$(HELM_STAMP):
	@$(PARTS)/build.sh helm $(PARTS_BIN) '2 min' helm=helm.sh/helm/v4/cmd/helm
	@$(call part-done,helm)

$(OPERATOR_STAMP):
	@$(PARTS)/build.sh operator $(PARTS_BIN) '3 min' amconfig=.
	@mkdir -p $(PARTS_BIN)/crds
	@dir=$$(cd $(PARTS)/operator && go list -m -f '{{.Dir}}' $(OPERATOR)) && \
	install -m 644 $(OPERATOR_CRDS:%=$$dir/example/prometheus-operator-crd/monitoring.coreos.com_%.yaml) $(PARTS_BIN)/crds/
	@$(call part-done,operator)
