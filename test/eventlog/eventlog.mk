# The way of the event log into stores, over an outage as long as one in life. The
# root Makefile includes this after test/parts/parts.mk.

OUTAGE ?= 30s

.PHONY: eventlog shippers
eventlog: build parts-test shippers ## The event log into each store, over an outage of it; OUTAGE=5m for a longer one.
	cd test && go test -count=1 -v -timeout 1h ./eventlog -outage=$(OUTAGE)

e2e: shippers

shippers: ## lays rsyslog and rclone beside the parts where apt is at hand
	@sh test/eventlog/debian.sh $(PARTS_BIN) rsyslogd rclone
