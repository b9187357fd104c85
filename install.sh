#!/bin/sh
# install.sh - build git-orch on Debian 12, and install, try or test it
set -eu
unset CDPATH
umask 022

usage() {
	cat <<'END'
usage: ./install.sh [--prefix DIR] [--no-deps]
   or: ./install.sh --demo [--no-deps]
   or: ./install.sh --check [--no-deps]
   or: ./install.sh --uninstall [--prefix DIR]

Build git-orch and install it below DIR (/usr/local for root, else ~/.local).

    --demo         build, then watch two scripted agents take turns; nothing
                   is installed and nothing outside a scratch directory changes
    --check        build and run every test
    --uninstall    remove exactly what was installed below DIR
    --prefix DIR   where to
    --no-deps      do not look for missing packages

Missing Debian packages are installed with apt-get (through sudo for a user).
END
}
say() { printf '%s\n' "install.sh: $*"; }
die() { printf '%s\n' "install.sh: $*" >&2; exit 1; }
misuse() {
	printf '%s\n' "install.sh: $*" "install.sh: see './install.sh --help'" >&2
	exit 129
}

mode=install deps=yes prefix='' start=$PWD
while [ $# -gt 0 ]; do
	case $1 in
	--prefix) [ $# -ge 2 ] || misuse "--prefix needs a directory"; prefix=$2; shift ;;
	--prefix=*) prefix=${1#*=} ;;
	--no-deps) deps=no ;;
	--demo | --check | --uninstall)
		[ "$mode" = install ] || misuse "--$mode and $1 exclude each other"
		mode=${1#--} ;;
	-h | --help) usage; exit 0 ;;
	*) misuse "unknown argument '$1'" ;;
	esac
	shift
done
if [ -z "$prefix" ]; then
	prefix=/usr/local
	[ "$(id -u)" = 0 ] || prefix=${HOME:?}/.local
fi
case $prefix in
/*) ;;
*) prefix=$start/$prefix ;;
esac
top=$(dirname -- "$0")
cd -- "$top"

if [ "$mode" = uninstall ]; then
	exec sh mk/place.sh uninstall build "$prefix"
fi

# --- packages -------------------------------------------------------------

# need PACKAGE COMMAND...: the package is missing if the command fails.
missing=
need() {
	package=$1
	shift
	"$@" >/dev/null 2>&1 || missing="$missing $package"
}
have() { command -v "$1"; }
header() { printf '#include <%s>\n' "$1" | cc -E -x c -; }
library() { pkg-config --exists "$1"; }

find_missing() {
	missing=
	need make have make
	need gcc have cc
	need libc6-dev header stdio.h
	need pkg-config have pkg-config
	need libgit2-dev library 'libgit2 >= 1.5'
	need libpcre2-dev library libpcre2-8
	need libcjson-dev library libcjson
	need libyaml-dev library yaml-0.1
	need libcmark-gfm-dev header cmark-gfm.h
	[ "$mode" = check ] || return 0
	need bats have bats
	need libcmocka-dev header_cmocka
	need jq have jq
	need strace have strace
	need clang have clang
	need cppcheck have cppcheck
	need mandoc have mandoc
	need shellcheck have shellcheck
	need procps have ps
	need git-lfs have git-lfs
	need python3-jsonschema /usr/bin/python3 -c 'import jsonschema'
}
header_cmocka() {
	printf '#include <stdarg.h>\n#include <stddef.h>\n#include <setjmp.h>\n#include <stdint.h>\n#include <cmocka.h>\n' |
		cc -E -x c -
}

install_packages() {
	apt="apt-get install -y --no-install-recommends$missing"
	if ! have apt-get >/dev/null; then
		die "missing, by their Debian names:$missing"
	fi
	as=
	if [ "$(id -u)" != 0 ]; then
		have sudo >/dev/null ||
			die "packages are missing; run this as root, then ./install.sh again:
  $apt"
		as=sudo
	fi
	say "installing:$missing"
	log=$(mktemp)
	trap 'rm -f "$log"' EXIT
	# The package lists may be absent or old: then refresh and try again.
	run_apt install -y --no-install-recommends $missing ||
		{ run_apt update && run_apt install -y --no-install-recommends $missing; } || {
		tail -n 15 "$log" >&2
		die "apt-get failed; when it can work, run as root:
  $apt"
	}
	rm -f "$log"
	trap - EXIT
	find_missing
	[ -z "$missing" ] || die "still missing after apt-get:$missing"
}
run_apt() {
	$as env DEBIAN_FRONTEND=noninteractive \
		apt-get -q -o DPkg::Lock::Timeout=120 "$@" >"$log" 2>&1
}

if [ "$deps" = yes ]; then
	find_missing
	[ -z "$missing" ] || install_packages
fi

# --- build, then what was asked for ---------------------------------------

jobs=$(nproc 2>/dev/null || echo 2)
if [ "$mode" = check ]; then
	exec sh tests/check.sh -j "$jobs"
fi
say "building"
make -s -j "$jobs" BUILD=build all
if [ "$mode" = demo ]; then
	exec sh share/demo/demo.sh build
fi
make -s BUILD=build DESTDIR= PREFIX="$prefix" install
case :$PATH: in
*":$prefix/bin:"*) say "try: git orch -h" ;;
*) say "try: PATH=\"$prefix/bin:\$PATH\" git orch -h   (and put that PATH into your shell's profile)" ;;
esac
