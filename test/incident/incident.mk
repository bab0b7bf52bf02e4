# What incidents make of a phone, for docs/incidents.md. The tests replay them
# faster; SPEED lower is nearer to life.

SPEED ?= 20

.PHONY: incidents
incidents: build parts-demo ## Replay the recorded incidents and write docs/incidents.md anew (SPEED).
	cd test && go test -count=1 -timeout 1h -v -run TestIncidents ./incident -args -speed $(SPEED) -update

LAG ?= 10s

.PHONY: pair
pair: build parts-cluster ## Two exporters and two Alertmanagers, one of which lags or fails (LAG).
	cd test && go test -count=1 -timeout 30m -v -run TestPair ./e2e -args -lag $(LAG)

.PHONY: day
day: build parts-demo ## Replay 24 hours without an incident, 100,000 events, in about four minutes.
	cd test && go test -count=1 -timeout 1h -v -run TestDay ./incident -args -day 24h -events 100000 -day-speed 480
