#!/bin/sh
# Installs Debian's Chromium, if there is none and apt and root are at hand.
# The browser tests skip themselves without one, so this never fails.
set -u

for name in "${CHROMIUM:-}" chromium chromium-browser google-chrome-stable google-chrome; do
	if [ -n "$name" ] && command -v "$name" >/dev/null 2>&1; then
		exit 0
	fi
done
if [ "$(id -u)" != 0 ] || ! command -v apt-get >/dev/null 2>&1; then
	echo "browser: no Chromium here, and no apt with root to install it: tests that need one are skipped"
	exit 0
fi
echo "browser: installing Chromium with apt, which takes about a minute"
log=$(mktemp)
if { apt-get update -q && DEBIAN_FRONTEND=noninteractive apt-get install -y -q --no-install-recommends \
	chromium fonts-inter fonts-noto-color-emoji; } >"$log" 2>&1 </dev/null; then
	echo "browser: $(chromium --version 2>/dev/null || echo Chromium) installed"
else
	echo "browser: Chromium could not be installed, tests that need it are skipped; apt says:"
	tail -n 5 "$log" | sed 's/^/  /'
fi
rm -f "$log"
