# The demo, and what only a browser can show. The root Makefile includes this;
# it takes from there the target build, from test/parts/parts.mk parts-demo,
# parts-cluster and PARTS_BIN.
#
#   make demo                              replays a recorded incident
#   make demo KUBECONFIG=~/.kube/config    watches that cluster instead
#   make demo BARK_KEY_FILE=key [BARK_SERVER=https://api.day.app]
#                                          pushes to a real phone besides
#   make demo DEMO_PORT_PHONE=8081         takes another port; likewise
#     DEMO_PORT_ALERTMANAGER, DEMO_PORT_EXPORTER, DEMO_PORT_BARK, DEMO_PORT_BARK_REAL
#   make demo DEMO_SPEED=10 DEMO_ONCE=1 DEMO_KEEP=1
#     replays faster, ends after the all-clear, leaves configurations and logs

DEMO_DIR := $(abspath $(dir $(lastword $(MAKEFILE_LIST))))
TEST_DIR := $(abspath $(DEMO_DIR)/..)
ROOT_DIR := $(abspath $(TEST_DIR)/..)

# A KUBECONFIG of the environment is most people's own and not meant.
DEMO_ARGS ?= $(if $(findstring command line,$(origin KUBECONFIG)),--kubeconfig="$(KUBECONFIG)")
DEMO_DIRS := --bin=$(ROOT_DIR)/bin --parts=$(PARTS_BIN)
DEMO_CMD  := $(PARTS_BIN)/demo $(DEMO_DIRS) --incident=$(TEST_DIR)/incident/incident.jsonl

.PHONY: demo demo-cluster demo-program demo-picture browser test-browser

demo: build parts-demo demo-program ## shows it all on this machine
	@exec $(DEMO_CMD) $(DEMO_ARGS)

demo-cluster: build parts-cluster ## the same on a real control plane with two kubelets
	@echo "demo: building demo-cluster (about 2 min when nothing is cached) …"
	@cd $(TEST_DIR) && go build -o $(PARTS_BIN)/ ./demo/cmd/demo-cluster
	@exec $(PARTS_BIN)/demo-cluster $(DEMO_DIRS)

demo-program:
	@mkdir -p $(PARTS_BIN)
	@test -x $(PARTS_BIN)/demo || echo "demo: building the demo (about 10 s when nothing is cached) …"
	@cd $(TEST_DIR) && go build -o $(PARTS_BIN)/ ./demo/cmd/demo

browser: ## installs Chromium where apt and root are at hand
	@sh $(TEST_DIR)/browser/install.sh

test-browser: browser ## tests that only a browser can run
	cd $(TEST_DIR) && go test ./browser/...

# When some trouble is over and some is not.
PICTURE_WHEN := --cards 8 --ready 'document.querySelector(".card").matches(".passive")'

demo-picture: build parts-demo demo-program browser ## takes the README's picture from a demo
	@cd $(TEST_DIR) && go build -o $(PARTS_BIN)/picture ./browser/picture
	@mkdir -p $(ROOT_DIR)/docs/images
	@$(DEMO_CMD) & demo=$$!; \
	trap 'kill $$demo 2>/dev/null; wait $$demo' EXIT; \
	$(PARTS_BIN)/picture --url "http://localhost:$${DEMO_PORT_PHONE:-8080}/phone/" $(PICTURE_WHEN) $(PICTURE_ARGS) \
		--out $(ROOT_DIR)/docs/images/demo-phone.png
