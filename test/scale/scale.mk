# What each of several exporters costs that divide a cluster.

SCALE_ARGS ?=

.PHONY: bench-scale
bench-scale: build ## Cost of 1, 2 and 4 shards: CPU and memory of each (SCALE_ARGS, see test/scale).
	cd test && go run ./scale -exporter ../bin/kube-event-exporter $(SCALE_ARGS)
