# What incidents make of a phone, for docs/incidents.md. The tests replay them
# faster; SPEED lower is nearer to life.

SPEED ?= 20

.PHONY: incidents
incidents: build parts-demo ## Replay the recorded incidents and write docs/incidents.md anew (SPEED).
	cd test && go test -count=1 -timeout 1h -v -run TestIncidents ./incident -args -speed $(SPEED) -update
