# Pictures of what only a browser shows. The root Makefile includes this;
# test/demo/demo.mk has the target browser.

.PHONY: receiver-pictures

receiver-pictures: browser ## takes the pictures of docs/receiver-*.md
	@mkdir -p docs/images
	cd test && PICTURES=$(CURDIR)/docs/images go test -count=1 -run 'TestReceiver/looks' ./browser

.PHONY: exporter-pictures

exporter-pictures: browser build ## takes the pictures of docs/alerts.md and docs/event-log.md
	@mkdir -p docs/images
	cd test && PICTURES=$(CURDIR)/docs/images go test -count=1 -run 'TestAlerts' ./browser
