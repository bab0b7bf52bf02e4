# What is published for a version.
#
#   make release VERSION=1.2.3

.PHONY: release
release: ## Archives, components, chart, manifests and checksums for VERSION, in dist/.
	$(if $(filter command line environment,$(origin VERSION)),,$(error say which version: make release VERSION=1.2.3))
	rm -rf dist
	cd test && go run ./release -root .. -version '$(VERSION)' -revision $(REVISION) -epoch $(EPOCH) -out ../dist
	@cat dist/sha256sums.txt
