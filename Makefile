# kubebark: make help tells what there is.

SHELL := /bin/bash
.SHELLFLAGS := -euo pipefail -c
.DEFAULT_GOAL := help

CACHE ?= $(CURDIR)/.cache
BIN := $(CACHE)/bin
VERSION ?= $(shell cat VERSION)
REVISION := $(shell git rev-parse --short HEAD 2>/dev/null || echo unknown)
# The time of all that is published, so that it can be made again.
EPOCH ?= $(shell git log -1 --format=%ct 2>/dev/null || echo 0)
export KUBEBARK_BIN := $(BIN)
export CGO_ENABLED ?= 0
export GOWORK := off
# The Go that go.mod names, fetched where it is not at hand: releases are built
# with it, and known vulnerabilities are those of what is released.
export GOTOOLCHAIN ?= $(shell sed -n 's/^toolchain //p' go.mod)

PKG_VERSION := github.com/prometheus/common/version
LDFLAGS := -s -w -X $(PKG_VERSION).Version=$(VERSION) -X $(PKG_VERSION).Revision=$(REVISION)
# timberjack's second compressor is a third of a megabyte that nothing uses. The Dockerfile
# and the release name the same, which a test in test/release holds.
TAGS := timberjack_nozstd
GO_BUILD := go build -tags $(TAGS) -trimpath -buildvcs=false -ldflags '$(LDFLAGS)'

# What tests and linters need is compiled as the real parts are, without inlining and
# without what debuggers read: that takes a third less, and what they have in common is
# compiled once.
QUICK := '-gcflags=all=-l -dwarf=false'
# Without go vet, which has to go through all that they depend on: make lint runs it.
TEST  := go test $(QUICK) -vet=off

# The race detector needs a C compiler.
RACE := $(if $(shell command -v $(or $(CC),gcc)),1)

include test/parts/parts.mk
include test/demo/demo.mk
include test/browser/browser.mk
include test/eventlog/eventlog.mk
include test/truth/truth.mk
include test/chaos/chaos.mk
include test/bench/bench.mk
include test/scale/scale.mk
include test/incident/incident.mk
include test/deploy/deploy.mk
include test/release/release.mk
include mixin/mixin.mk

.PHONY: help
help: ## Show this help.
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | sed 's/:.*## /\t/' | sort | awk -F'\t' '{printf "%-14s %s\n", $$1, $$2}'

.PHONY: build
build: ## Build both programs into bin/.
	@mkdir -p bin
	@echo "building both programs into bin/ (about 2 min when nothing is cached) …"
	@total=$$(go list -deps -tags $(TAGS) ./cmd/... | wc -l); \
	$(GO_BUILD) -v -o bin/ ./cmd/... 2>&1 | awk -v total=$$total '\
		/^go: downloading / { if (++d % 20 == 0) print "build: " d " modules downloaded"; fflush(); next } \
		/^[a-z0-9.\/_~-]+$$/ { if (++n % 100 == 0) print "build: " n " of at most " total " packages compiled"; fflush(); next } \
		{ print; fflush() }'

.PHONY: test
test: lint test-unit e2e ## Everything, real parts included.

.PHONY: test-unit
test-unit: ## Unit tests, with the race detector where there is a C compiler.
	$(if $(RACE),,@echo "no C compiler here: without the race detector")
	$(if $(RACE),CGO_ENABLED=1 )$(TEST) $(if $(RACE),-race )./...

.PHONY: e2e
# Most tests wait for something, so more packages, and more of a package's tests, go at
# once than there are processors. Those that take longest begin, mixed so that some work
# while others wait.
e2e: build parts-test browser ## End-to-end tests on real parts.
	cd test && $(TEST) -count=1 -p 3 -parallel 16 -timeout 30m ./e2e ./deploy ./troubles ./incident ./truth ./demo ./eventlog ./mixin ./browser ./fakeapi ./testbed ./chaos ./...

FUZZTIME ?= 30s

.PHONY: fuzz
fuzz: ## Fuzz each parser and handler in turn; FUZZTIME=10m for longer.
	@grep -rhoE '^func Fuzz[A-Za-z0-9]+' --include=*_test.go --with-filename alertbridge barkreceiver cmd exporter internal | \
	sed 's,^\(.*\)/[^/]*:func \(.*\),\1 \2,' | sort | while read -r package target; do \
		echo "== $$package $$target"; \
		go test -run '^$$' -fuzz "^$$target\$$" -fuzztime $(FUZZTIME) -fuzzminimizetime 1s "./$$package" </dev/null || exit 1; \
	done

.PHONY: lint
lint: parts-lint ## golangci-lint over all modules, and known vulnerabilities of what is released.
	GOFLAGS="$(QUICK)" $(BIN)/golangci-lint run --allow-parallel-runners ./...
	cd test && GOFLAGS="$(QUICK)" $(BIN)/golangci-lint run --allow-parallel-runners --config ../.golangci.yml ./...
	$(BIN)/govulncheck -tags $(TAGS) -db file://$(BIN)/vulndb ./cmd/...

.PHONY: generate
generate: ## Write golden files and generated parts of the docs anew; the unit tests fail where they are stale.
	go test -p 1 $$(grep -rl 'flag.Bool("update"' --include=*_test.go alertbridge barkreceiver cmd exporter | xargs -n1 dirname | sort -u | sed 's,^,./,') -update

.PHONY: bench
bench: bench-cost ## Benchmarks, and the exporter's cost beside a floor.
	go test -run '^$$' -bench . -benchmem ./...

.PHONY: image
image: IMAGE_ARGS = --build-arg VERSION=$(VERSION) --build-arg REVISION=$(REVISION) $(if $(PLATFORM),--platform $(PLATFORM)) -t kubebark/kubebark:$(VERSION)
image: ## The container image, by docker or buildah; PLATFORM=linux/arm64 for another.
	@if docker info >/dev/null 2>&1; then SOURCE_DATE_EPOCH=$(EPOCH) docker build $(IMAGE_ARGS) .; \
	elif command -v buildah >/dev/null; then buildah build --timestamp $(EPOCH) $(IMAGE_ARGS) .; \
	else echo "make image: neither a docker engine nor buildah is here" >&2; exit 1; fi

.PHONY: clean
clean: ## Remove what was built, but not the cache of real parts.
	rm -rf bin dist
