#!/bin/sh
# rclone (1.60 or newer) with rclone.conf: the event log's old files into S3, as they are.
# It runs as a service, or in the exporter's pod as a second container with the same
# volume. More than one exporter: a folder in the bucket for each.
#
#   kube-event-exporter --event-log.file=/var/log/events/events.jsonl --state.file=…
#   event_log: {rotation: {max_size_mb: 100, max_age: 1h, keep_files: 0}}
#
# A file goes once the store has it, and keep_files is 0 so that nobody else removes it:
# an outage may last as long as the disk has room. Where the answer about a file is lost
# it is sent again under the same name. It is left for ten minutes after its last line:
# at a start the exporter reads the end of its last old file, to write nothing twice.
trap 'exit 0' TERM INT
while :; do
	rclone --config=/etc/rclone/rclone.conf move /var/log/events s3:kubernetes-events/prod-eu \
		--include='/events-*.jsonl' --min-age=10m --no-traverse --retries=1 --low-level-retries=1
	sleep 60 & # then what has failed is tried again; by itself rclone may wait for minutes
	wait $!
done
