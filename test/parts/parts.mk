# The real programs that tests and the demo run, each built from ordinary Go
# modules that a nested module under test/parts/ pins. A program is built once:
# the stamp's name is a checksum of what pins it. After a change of how programs
# are built, parts-clean has them built anew.
#
# What the parts and the tests have in common is compiled once where it is of one
# version: Kubernetes' own modules, golang.org/x, gRPC, protobuf, OpenTelemetry and
# Prometheus' clients. That is a third of all there is to compile, so who raises one of
# them in a go.mod here raises it in the others, as far as their programs take it.

CACHE     ?= .cache
PARTS     := $(abspath $(dir $(lastword $(MAKEFILE_LIST))))
PARTS_BIN := $(abspath $(CACHE))/bin

# part-stamp PART [FILES]: the file that says that the part is built. make looks
# at the files' contents, since a fresh checkout's times say nothing.
part-key   = $(firstword $(shell cat $(PARTS)/$(1)/go.mod $(PARTS)/$(1)/go.sum $(2) | cksum))
part-stamp = $(PARTS_BIN)/.built/$(1)-$(call part-key,$(1),$(2))
# part-done replaces the stamps of former versions.
part-done  = mkdir -p $(@D) && rm -f $(@D)/$(1)-* && touch $@

KUBELET_SOURCES := $(sort $(wildcard $(PARTS)/kubernetes/*/*.go $(PARTS)/kubernetes/*/*/*.go))
KUBE_VERSION    := $(shell sed -n 's,^[[:space:]]*k8s.io/kubernetes v\([^ ]*\).*,\1,p' $(PARTS)/kubernetes/go.mod)
KUBE_MINOR      := $(word 2,$(subst ., ,$(KUBE_VERSION)))
KUBE_X          := -X=k8s.io/component-base/version
# Without them clients would take the server for v0.0.0.
KUBE_LDFLAGS    := $(KUBE_X).gitVersion=v$(KUBE_VERSION) $(KUBE_X).gitMajor=1 $(KUBE_X).gitMinor=$(KUBE_MINOR)

LINT_STAMP         := $(call part-stamp,lint)
VULN_STAMP         := $(call part-stamp,vuln)
ALERTMANAGER_STAMP := $(call part-stamp,alertmanager)
ETCD_STAMP         := $(call part-stamp,etcd)
KINE_STAMP         := $(call part-stamp,kine,$(PARTS)/kine/main.go)
OLDEST_STAMP       := $(call part-stamp,oldest-alertmanager)
PROMETHEUS_STAMP   := $(call part-stamp,prometheus)
KUBERNETES_STAMP   := $(call part-stamp,kubernetes)
# The kubelet is of the same module, but ours to change.
KUBELET_STAMP      := $(subst /kubernetes-,/kubelet-,$(call part-stamp,kubernetes,$(KUBELET_SOURCES)))

COLLECTOR_STAMP    := $(call part-stamp,collector,$(PARTS)/collector/main.go)
ELASTIC_STAMP      := $(call part-stamp,elastic-collector,$(PARTS)/elastic-collector/main.go)

.PHONY: parts-demo parts-cluster parts-test parts-lint parts-clean

parts-lint: $(LINT_STAMP) $(VULN_STAMP) ## golangci-lint, govulncheck and the vulnerabilities that it knows
parts-demo: $(ALERTMANAGER_STAMP) ## Alertmanager with its UI, and amtool
parts-cluster: parts-demo $(ETCD_STAMP) $(KUBERNETES_STAMP) $(KUBELET_STAMP) ## a control plane and kubelets besides
parts-test: parts-cluster $(PROMETHEUS_STAMP) $(COLLECTOR_STAMP) $(ELASTIC_STAMP) $(KINE_STAMP) $(OLDEST_STAMP) ## all that the tests run

parts-clean: ## removes the built parts; Go's own build cache stays
	rm -rf $(PARTS_BIN)

$(LINT_STAMP):
	@$(PARTS)/build.sh lint $(PARTS_BIN) '2 min' \
		golangci-lint=github.com/golangci/golangci-lint/v2/cmd/golangci-lint
	@$(call part-done,lint)

# What is known of Go modules' vulnerabilities is a module, too: nothing is asked
# for at vuln.go.dev, and a check of the same commit says the same.
$(VULN_STAMP):
	@$(PARTS)/build.sh vuln $(PARTS_BIN) '1 min' \
		govulncheck=golang.org/x/vuln/cmd/govulncheck \
		indexdb=golang.org/x/vulndb/cmd/indexdb
	@rm -rf $(PARTS_BIN)/vulndb && cd $(PARTS)/vuln && \
		$(PARTS_BIN)/indexdb -out $(PARTS_BIN)/vulndb -vulns "$$(GOWORK=off go list -m -f '{{.Dir}}' golang.org/x/vulndb)/data/osv"
	@$(call part-done,vuln)

$(ALERTMANAGER_STAMP):
	@$(PARTS)/build.sh alertmanager $(PARTS_BIN) '1 min' \
		alertmanager=github.com/prometheus/alertmanager/cmd/alertmanager \
		amtool=github.com/prometheus/alertmanager/cmd/amtool
	@$(call part-done,alertmanager)

$(ETCD_STAMP):
	@$(PARTS)/build.sh etcd $(PARTS_BIN) '1 min' \
		etcd=go.etcd.io/etcd/server/v3
	@$(call part-done,etcd)

# k3s' storage: kine on SQLite.
$(KINE_STAMP):
	@$(PARTS)/build.sh kine $(PARTS_BIN) '2 min' \
		kine=.
	@$(call part-done,kine)

# The oldest Alertmanager that is supported.
$(OLDEST_STAMP):
	@$(PARTS)/build.sh oldest-alertmanager $(PARTS_BIN) '1 min' \
		oldest-alertmanager=github.com/prometheus/alertmanager/cmd/alertmanager
	@$(call part-done,oldest-alertmanager)

$(KUBERNETES_STAMP):
	@LDFLAGS='$(KUBE_LDFLAGS)' $(PARTS)/build.sh kubernetes $(PARTS_BIN) '8 min' \
		kube-apiserver=k8s.io/kubernetes/cmd/kube-apiserver \
		kube-controller-manager=k8s.io/kubernetes/cmd/kube-controller-manager \
		kube-scheduler=k8s.io/kubernetes/cmd/kube-scheduler
	@$(call part-done,kubernetes)

$(KUBELET_STAMP): | $(KUBERNETES_STAMP)
	@LDFLAGS='$(KUBE_LDFLAGS)' $(PARTS)/build.sh kubernetes $(PARTS_BIN) '1 min' \
		hollow-kubelet=./hollow-kubelet
	@$(call part-done,kubelet)

# Service discovery in clouds is half of the work and no test needs it.
$(PROMETHEUS_STAMP):
	@$(PARTS)/build.sh prometheus $(PARTS_BIN) '3 min' -tags=netgo,remove_all_sd,enable_kubernetes_sd,enable_dns_sd \
		prometheus=github.com/prometheus/prometheus/cmd/prometheus \
		promtool=github.com/prometheus/prometheus/cmd/promtool
	@$(call part-done,prometheus)

$(COLLECTOR_STAMP):
	@$(PARTS)/build.sh collector $(PARTS_BIN) '5 min' otelcol=.
	@$(call part-done,collector)

# Its exporter for Elasticsearch, and so all of it, is older.
$(ELASTIC_STAMP):
	@$(PARTS)/build.sh elastic-collector $(PARTS_BIN) '2 min' otelcol-elasticsearch=.
	@$(call part-done,elastic-collector)
