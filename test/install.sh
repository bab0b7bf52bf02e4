#!/bin/sh
# install.sh WHO WHAT TIME PACKAGE…: installs Debian's packages if apt and root
# are at hand, and says how that went. Tests skip themselves where what they need
# is not there, so this never fails.
set -u

who=$1 what=$2 time=$3
shift 3
if [ "$(id -u)" != 0 ] || ! command -v apt-get >/dev/null 2>&1; then
	echo "$who: no $what here, and no apt with root to install it: tests that need it are skipped"
	exit 0
fi
echo "$who: installing $what with apt, which takes about $time"
log=$(mktemp)
if { apt-get update -q && DEBIAN_FRONTEND=noninteractive apt-get install -y -q --no-install-recommends \
	"$@"; } >"$log" 2>&1 </dev/null; then
	echo "$who: $what is installed: $(dpkg-query -W -f '${Package} ${Version}' "$1" 2>/dev/null)"
else
	echo "$who: $what could not be installed, tests that need it are skipped; apt says:"
	tail -n 5 "$log" | sed 's/^/  /'
fi
rm -f "$log"
