# What the exporter costs beside the cheapest honest consumer of Events.

BENCH_ARGS ?=

.PHONY: bench-cost
bench-cost: build ## Cost of the exporter beside a floor: CPU, memory, latency (BENCH_ARGS, see test/bench).
	@mkdir -p $(CACHE)/bench
	cd test && go build -trimpath -ldflags '-s -w' -o $(CACHE)/bench/ ./bench ./bench/floor
	$(CACHE)/bench/bench -exporter bin/kube-event-exporter -floor $(CACHE)/bench/floor $(BENCH_ARGS)
