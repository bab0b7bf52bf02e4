# The truth test at length: the exporter under so many random schedules of
# faults, from a seed on. A failure prints its seed; SCHEDULES=1 SEED=… runs it
# alone.

SCHEDULES ?= 200
SEED      ?= 0
DURATION  ?= 6s
AT_ONCE   ?= 8

.PHONY: truth
truth: build ## Count against the truth under 200 random schedules of faults (SCHEDULES, SEED, DURATION).
	cd test && go test -count=1 -timeout 3h -v -run TestSchedules ./truth \
		-args -schedules $(SCHEDULES) -seed $(SEED) -duration $(DURATION) -at-once $(AT_ONCE)
