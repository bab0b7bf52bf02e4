#!/bin/sh
# Lays programs of Debian into a folder, where apt is at hand: nothing is installed and
# no daemon begins. Tests that need one skip themselves without, so this never fails.
#
# usage: debian.sh BINDIR PROGRAM…
# rsyslogd comes with its module for Elasticsearch, rclone is a program alone.
set -u

# rsyslogd puts the program and its modules into a folder beside what starts it.
rsyslogd() {
	root=$bin/rsyslog
	unpack "$root" rsyslog rsyslog-elasticsearch libestr0 libfastjson4 &&
		modules=$(dirname "$root"/usr/lib/*/rsyslog/omelasticsearch.so) &&
		printf '#!/bin/sh\nLD_LIBRARY_PATH=%s exec %s -M %s "$@"\n' \
			"$(dirname "$modules")" "$root/usr/sbin/rsyslogd" "$modules" >"$tmp/rsyslogd" &&
		chmod 755 "$tmp/rsyslogd" &&
		printf 'global(workDirectory="%s")\nmodule(load="imfile")\nmodule(load="omelasticsearch")\ninput(type="imfile" file="/none" tag="a")\naction(type="omfile" file="/dev/null")\n' "$tmp" >"$tmp/conf" &&
		"$tmp/rsyslogd" -N1 -f "$tmp/conf" && mv "$tmp/rsyslogd" "$bin/"
}

rclone() {
	unpack "$tmp" rclone && "$tmp/usr/bin/rclone" version && mv "$tmp/usr/bin/rclone" "$bin/"
}

# unpack unpacks packages into a folder.
unpack() {
	to=$1
	shift
	cd "$tmp" && { apt-get download -q "$@" || { [ "$(id -u)" = 0 ] && apt-get update -q && apt-get download -q "$@"; }; } &&
		mkdir -p "$to" && for p in *.deb; do dpkg -x "$p" "$to" || return 1; done
}

bin=$1
shift
for program; do
	[ ! -x "$bin/$program" ] || continue
	if ! command -v apt-get >/dev/null 2>&1 || ! command -v dpkg >/dev/null 2>&1; then
		echo "eventlog: no apt here to bring $program: the test that needs it is skipped"
		continue
	fi
	mkdir -p "$bin"
	log=$(mktemp) tmp=$(mktemp -d)
	if ("$program") >"$log" 2>&1 </dev/null; then
		case $program in rclone) version=version ;; *) version=-v ;; esac
		echo "eventlog: $("$bin/$program" $version 2>/dev/null | sed -n '1s/ *(.*//;1p') is here"
	else
		echo "eventlog: $program cannot be had, the test that needs it is skipped; it says:"
		tail -n 5 "$log" | sed 's/^/  /'
	fi
	rm -rf "$log" "$tmp"
done
