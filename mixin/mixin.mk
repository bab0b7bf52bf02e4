# The mixin: alerts, recording rules and dashboards, rendered from Jsonnet. The
# root Makefile includes this; test/demo/demo.mk has the target browser.

MIXIN_CONFIG ?=
MIXIN_OUT    ?= mixin

.PHONY: mixin
mixin: ## Render alerts, rules and dashboards (MIXIN_CONFIG=my.libsonnet MIXIN_OUT=DIR for your own).
	cd test && go run ./mixin/cmd/mixin --mixin=$(CURDIR)/mixin --out=$(abspath $(MIXIN_OUT)) $(if $(MIXIN_CONFIG),--config=$(abspath $(MIXIN_CONFIG)))

generate: mixin

.PHONY: mixin-golden
mixin-golden: build parts-test ## Write anew what the dashboards' queries are to find.
	cd test && go test -count=1 ./mixin -update
