# The mixin: alerts, recording rules and dashboards, rendered from Jsonnet. The
# root Makefile includes this; test/demo/demo.mk has the target browser.

MIXIN_CONFIG ?=
MIXIN_OUT    ?= mixin

.PHONY: mixin
mixin: ## Render alerts, rules and dashboards (MIXIN_CONFIG=my.libsonnet MIXIN_OUT=DIR for your own).
	cd test && go run ./mixin/cmd/mixin --mixin=$(CURDIR)/mixin --out=$(abspath $(MIXIN_OUT)) $(if $(MIXIN_CONFIG),--config=$(abspath $(MIXIN_CONFIG)))

generate: mixin-docs
.PHONY: mixin-docs
mixin-docs: mixin
	cd test && go test -count=1 ./mixin -run 'TestDocs|TestRendered' -update

.PHONY: mixin-golden
mixin-golden: build parts-test ## Write anew what the dashboards' queries are to find.
	cd test && go test -count=1 ./mixin -update

# Grafana's panels come from npm, and not into the tree.
PICTURE_WEB := $(abspath $(CACHE))/dashboard-pictures

.PHONY: dashboard-pictures
dashboard-pictures: build parts-test browser ## Take the pictures of docs/dashboards.md, with Grafana's panels in Chromium.
	@mkdir -p $(PICTURE_WEB) docs/images
	cp test/mixin/picture/web/* test/mixin/picture/web/.npmrc $(PICTURE_WEB)/
	cd $(PICTURE_WEB) && npm install && npm run build
	cd test && go run ./mixin/picture --web=$(PICTURE_WEB)/out --out=$(CURDIR)/docs/images

# What checks the dashboards by the types of Grafana 11.
GRAFANA_STAMP := $(call part-stamp,grafana,$(PARTS)/grafana/main.go)

.PHONY: parts-mixin
parts-mixin: $(GRAFANA_STAMP)
parts-test: parts-mixin

$(GRAFANA_STAMP):
	@$(PARTS)/build.sh grafana $(PARTS_BIN) '1 min' grafana11=.
	@$(call part-done,grafana)
