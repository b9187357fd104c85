#!/bin/sh
# usage: mk/link.sh <build> <nonet.o> <probe.o> <how to link...>
# Finds how to link libgit2 and writes <build>/link-flags and <build>/link-mode.
# First choice: the static library without its network (see mk/nonet.c). Second:
# whatever pkg-config says.
build=$1 nonet=$2 probe=$3
shift 3

shared="$(pkg-config --libs libgit2 libpcre2-8 libcjson yaml-0.1) -lcmark-gfm"
static="$nonet -Wl,-Bstatic -lgit2 -lhttp_parser -lpcre2-8 -lyaml -lcmark-gfm -lz"
# Of these only what a stray reference needs is taken, usually nothing.
for lib in mbedtls mbedx509 mbedcrypto; do
	case $(${CC:-cc} -print-file-name=lib$lib.a) in
	/*) static="$static -l$lib" ;;
	esac
done
static="$static -Wl,-Bdynamic -Wl,--as-needed -lcjson -lm -lpthread"

try() {
	"$@" >"$build/link-probe.log" 2>&1 && "$build/link-probe" >>"$build/link-probe.log" 2>&1
}

rm -f "$build/link-probe"
if try "$@" -o "$build/link-probe" "$probe" $static &&
   ! ldd "$build/link-probe" | grep -qE 'lib(mbed|ssl|ssh|crypto|gssapi|krb5)'; then
	echo "$static" >"$build/link-flags"
	echo "static libgit2 without network" >"$build/link-mode"
else
	echo "link: libgit2.a cannot be used ($build/link-probe.log says why);" \
		"every start will take about 10 ms longer" >&2
	echo "-Wl,--as-needed $shared -lm" >"$build/link-flags"
	echo "shared libgit2" >"$build/link-mode"
fi
rm -f "$build/link-probe"
