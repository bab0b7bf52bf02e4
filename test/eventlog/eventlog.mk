# The way of the event log into stores, over an outage as long as one in life. The
# root Makefile includes this.

OUTAGE ?= 30s

.PHONY: eventlog
eventlog: build parts-test ## The event log into each store, over an outage of it; OUTAGE=5m for a longer one.
	cd test && go test -count=1 -v -timeout 1h ./eventlog -outage=$(OUTAGE)
