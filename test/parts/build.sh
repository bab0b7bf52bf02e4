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
# shellcheck disable=SC2086 # a list of words
set -- $pkgs

export GOWORK=off CGO_ENABLED=0
tmp=$out/.$part.$$ lock=$out/.$part.lock
mkdir -p "$out"
# Two builds of one part at once would do all of the work twice; the second
# finds the first one's in Go's build cache.
until ln -s $$ "$lock" 2>/dev/null; do
	other=$(readlink "$lock") || continue
	if ! kill -0 "$other" 2>/dev/null; then
		rm -f "$lock" # left behind by one that was killed
		continue
	fi
	[ "${waits-}" = "$other" ] || echo "parts: $part: waiting for the build that process $other does"
	waits=$other
	sleep 1
done
trap 'rm -rf "$tmp" "$lock"' EXIT
trap 'exit 130' INT TERM
mkdir -p "$tmp"
start=$(date +%s)

said() { echo "parts: $part: $1, $(($(date +%s) - start)) s"; }

# progress counts what go downloads and the packages that go build -v names,
# and passes on the rest, which are errors. Its argument says how many packages
# there are; those in Go's build cache are not named.
progress() {
	compiled=0 loaded=0
	while IFS= read -r line; do
		case $line in
		"go: downloading "*)
			loaded=$((loaded + 1))
			[ $((loaded % 50)) -ne 0 ] || said "$loaded modules downloaded"
			;;
		*" "* | *:*) printf '%s\n' "$line" ;;
		*)
			compiled=$((compiled + 1))
			[ $((compiled % 200)) -ne 0 ] || said "$compiled of at most $1 packages compiled"
			;;
		esac
	done
}

echo "parts: building$names (about $cold when nothing is cached) …"
go list -deps ${tags:+"$tags"} "$@" 2>&1 >"$tmp/.packages" | progress 0
total=$(($(wc -l <"$tmp/.packages")))

# Without inlining a build takes a quarter less. That what it makes is slower is felt
# with linters alone. Nobody debugs these programs.
case $part in
lint | vuln) gcflags='all=-dwarf=false' ;;
*) gcflags='all=-l -dwarf=false' ;;
esac

# Several programs at once share the work, and are named by their packages; one
# alone gets its name.
to=$tmp/
[ $# -gt 1 ] || to=$tmp/${names# }
{
	go build -v -buildvcs=false -gcflags="$gcflags" ${tags:+"$tags"} -ldflags="-s ${LDFLAGS:-}" -o "$to" "$@" 2>&1 ||
		echo $? >"$tmp/.status"
} | progress "$total"
[ ! -e "$tmp/.status" ] || exit "$(cat "$tmp/.status")"

for name in $names; do
	mv -f "$tmp/$name" "$out/$name"
done
echo "parts: built$names in $(($(date +%s) - start)) s"
