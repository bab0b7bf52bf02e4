# All of kubebark on real parts under random faults. The schedule is the seed's; a
# failure prints it, and all logs stay in .cache/chaos.

FOR ?= 20m

.PHONY: chaos
chaos: build parts-cluster parts-demo parts-test ## Everything under random kills, cuts, full disks and rotated keys (FOR, SEED).
	@mkdir -p $(CACHE)/chaos
	cd test && go test -count=1 -timeout 12h -v -run TestChaos ./chaos -args -for $(FOR) -seed $(or $(SEED),0) -keep $(CACHE)/chaos
