#!/bin/sh
# Builds the programs of one part into a directory and tells how far it is.
#
# usage: [LDFLAGS=…] build.sh PART OUTDIR COLD [-tags=TAGS] NAME=PACKAGE…
#
# PART is the directory beside this script whose go.mod pins the versions, and
# COLD says how long a build on an empty cache takes. Programs appear in OUTDIR
# only when all of the part is built, so that a broken build leaves the last
# good one alone.
set -eu

part=$1 out=$2 cold=$3
shift 3
cd "$(dirname "$0")/$part"

tags="" names="" pkgs=""
for arg; do
	case $arg in
	-tags=*) tags=$arg ;;
	*=*) names="$names ${arg%%=*}" pkgs="$pkgs ${arg#*=}" ;;
	esac
done

export GOWORK=off CGO_ENABLED=0
tmp=$out/.$part.$$
mkdir -p "$tmp"
trap 'rm -rf "$tmp"' EXIT
trap 'exit 130' INT TERM

# progress counts the packages that go build -v names and passes on the rest.
progress() {
	n=0
	while IFS= read -r line; do
		case $line in
		"go: downloading "*) continue ;;
		*" "* | *:*) printf '%s\n' "$line" ;;
		*)
			n=$((n + 1))
			[ $((n % 200)) -ne 0 ] || echo "parts: $part: $n packages compiled, $(($(date +%s) - start)) s"
			;;
		esac
	done
}

# build NAME PACKAGE… builds one program under its own name, or, with no name,
# several at once: go build shares the work, and names them by their paths.
build() {
	to=$tmp/$1
	shift
	{
		go build -v -buildvcs=false ${tags:+"$tags"} -ldflags="-s ${LDFLAGS:-}" -o "$to" "$@" 2>&1 ||
			echo $? >"$tmp/.status"
	} | progress
	[ ! -e "$tmp/.status" ] || exit "$(cat "$tmp/.status")"
}

echo "parts: building$names (about $cold when nothing is cached) …"
start=$(date +%s)
# shellcheck disable=SC2086 # a list of words
set -- $pkgs
if [ $# -gt 1 ]; then
	build "" "$@"
else
	build "${names# }" "$1"
fi
for name in $names; do
	mv -f "$tmp/$name" "$out/$name"
done
echo "parts: built$names in $(($(date +%s) - start)) s"
