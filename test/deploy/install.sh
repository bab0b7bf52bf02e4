#!/bin/sh
# Installs Debian's buildah and busybox, with which the image is built without
# an engine, if they are not there and apt and root are at hand. The image's
# tests skip themselves without them, so this never fails.
set -u

if command -v buildah >/dev/null 2>&1 && command -v busybox >/dev/null 2>&1; then
	exit 0
fi
if [ "$(id -u)" != 0 ] || ! command -v apt-get >/dev/null 2>&1; then
	echo "image: no buildah here, and no apt with root to install it: the image's tests are skipped"
	exit 0
fi
echo "image: installing buildah with apt, which takes about half a minute"
log=$(mktemp)
if { apt-get update -q && DEBIAN_FRONTEND=noninteractive apt-get install -y -q --no-install-recommends \
	buildah busybox-static; } >"$log" 2>&1 </dev/null; then
	echo "image: $(buildah --version 2>/dev/null || echo buildah) installed"
else
	echo "image: buildah could not be installed, the image's tests are skipped; apt says:"
	tail -n 5 "$log" | sed 's/^/  /'
fi
rm -f "$log"
