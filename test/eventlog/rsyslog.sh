#!/bin/sh
# Lays Debian's rsyslog, with its module for Elasticsearch, into a folder, where apt
# is at hand: nothing is installed and no daemon begins. The test that needs it skips
# itself without, so this never fails.
#
# usage: rsyslog.sh BINDIR
set -u

bin=$1 root=$1/rsyslog
[ ! -x "$bin/rsyslogd" ] || exit 0
if ! command -v apt-get >/dev/null 2>&1 || ! command -v dpkg >/dev/null 2>&1; then
	echo "eventlog: no apt here to bring rsyslog: the test that needs it is skipped"
	exit 0
fi
log=$(mktemp) tmp=$(mktemp -d)
fetch() {
	[ "$(id -u)" != 0 ] || apt-get update -q
	cd "$tmp" && apt-get download -q rsyslog rsyslog-elasticsearch libestr0 libfastjson4 &&
		mkdir -p "$root" && for p in *.deb; do dpkg -x "$p" "$root" || return 1; done &&
		modules=$(dirname "$root"/usr/lib/*/rsyslog/omelasticsearch.so) &&
		printf '#!/bin/sh\nLD_LIBRARY_PATH=%s exec %s -M %s "$@"\n' \
			"$(dirname "$modules")" "$root/usr/sbin/rsyslogd" "$modules" >"$tmp/rsyslogd" &&
		chmod 755 "$tmp/rsyslogd" &&
		printf 'global(workDirectory="%s")\nmodule(load="imfile")\nmodule(load="omelasticsearch")\ninput(type="imfile" file="/none" tag="a")\naction(type="omfile" file="/dev/null")\n' "$tmp" >"$tmp/conf" &&
		"$tmp/rsyslogd" -N1 -f "$tmp/conf" && mv "$tmp/rsyslogd" "$bin/"
}
if (fetch) >"$log" 2>&1 </dev/null; then
	echo "eventlog: $("$bin/rsyslogd" -v | sed -n '1s/ *(.*//p') is here"
else
	echo "eventlog: rsyslog cannot be had, the test that needs it is skipped; it says:"
	tail -n 5 "$log" | sed 's/^/  /'
fi
rm -rf "$log" "$tmp"
