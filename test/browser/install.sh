#!/bin/sh
# Sees that there is a Chromium, whatever it is called here.
set -u

for name in "${CHROMIUM:-}" chromium chromium-browser google-chrome-stable google-chrome; do
	if [ -n "$name" ] && command -v "$name" >/dev/null 2>&1; then
		exit 0
	fi
done
exec sh "$(dirname "$0")/../install.sh" browser Chromium 'a minute' chromium fonts-inter fonts-noto-color-emoji
