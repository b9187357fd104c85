#!/bin/sh
# Prove the two commands of the README on a Debian 12 that has only git and sh.
#
#	tests/bare-root.sh [-k] [-s SHARED] [ROOT]	(as root; needs debootstrap)
#
# Makes a bare root with debootstrap from this machine's own package mirror,
# clones the last commit into it, copies SHARED (default ../shared, if there
# is one) beside the clone, and runs there, by chroot,
#
#	./install.sh --demo
#	./install.sh --check
#	./install.sh, git orch -h, ./install.sh --uninstall
#
# Not part of --check: it downloads some 300 MB. ROOT (default: a scratch
# directory) is removed at the end unless -k is given; an existing ROOT that
# debootstrap made is used again.
set -eu
unset CDPATH
top=$(cd -- "$(dirname -- "$0")/.." && pwd)
keep=no shared=$top/../shared
while getopts ks: o; do
	case $o in
	k) keep=yes ;;
	s) shared=$OPTARG ;;
	*) exit 129 ;;
	esac
done
shift $((OPTIND - 1))
[ "$(id -u)" = 0 ] || { echo "bare-root: must be run as root" >&2; exit 1; }
command -v debootstrap >/dev/null || { echo "bare-root: debootstrap is not installed" >&2; exit 1; }
root=${1-$(mktemp -d /var/tmp/orch-bare-root.XXXXXX)}

leave() {
	for m in dev/pts dev/shm proc; do
		! mountpoint -q "$root/$m" || umount "$root/$m"
	done
	[ "$keep" = yes ] || rm -rf --one-file-system "$root"
}
trap leave EXIT
trap 'exit 130' INT TERM HUP

if [ ! -e "$root/usr/bin/git" ]; then
	# the first bookworm mirror that apt is configured with
	mirror=$(apt-get indextargets --format '$(REPO_URI) $(RELEASE)' \
		'Created-By: Packages' | sed -n 's/ bookworm$//p' | head -n 1)
	[ -n "$mirror" ] || { echo "bare-root: apt has no bookworm mirror" >&2; exit 1; }
	debootstrap --variant=minbase --include=git,ca-certificates bookworm \
		"$root" "$mirror" >"$root.log" 2>&1 || {
		tail -n 20 "$root.log" >&2
		exit 1
	}
	rm -f "$root.log"
fi
# The same sources and proxies as here; they are never part of the project.
cp /etc/resolv.conf /etc/hosts "$root/etc/"
rm -f "$root/etc/apt/sources.list"
for f in /etc/apt/sources.list /etc/apt/sources.list.d/debian.sources; do
	[ ! -s "$f" ] || cp "$f" "$root${f}"
done
for f in /etc/apt/apt.conf.d/*; do
	if grep -Eiq 'proxy|Check-Valid-Until|Check-Date|Verify-Peer' "$f"; then
		cp "$f" "$root/etc/apt/apt.conf.d/"
	fi
done

mount -t proc proc "$root/proc"
mkdir -p "$root/dev/pts" "$root/dev/shm"
mount -t devpts -o newinstance,ptmxmode=0666 devpts "$root/dev/pts"
ln -sfn pts/ptmx "$root/dev/ptmx"
mount -t tmpfs tmpfs "$root/dev/shm"

home=$root/root
rm -rf "$home/git-orch" "$home/shared"
git clone -q --no-hardlinks "$top" "$home/git-orch"
git -C "$home/git-orch" checkout -q --detach "$(git -C "$top" rev-parse HEAD)"
[ ! -d "$shared" ] || cp -R "$shared" "$home/shared"

# As a login would be, plus the proxies that apt may need.
inside() {
	printf '\n# %s\n' "$*"
	env -i HOME=/root PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin \
		TERM=dumb ${http_proxy+http_proxy="$http_proxy"} \
		${https_proxy+https_proxy="$https_proxy"} \
		chroot "$root" sh -c "cd /root/git-orch && $*"
}
! inside 'command -v make || command -v cc' || {
	echo "bare-root: '$root' is not bare" >&2
	[ "$keep" = yes ] || exit 1
}
inside './install.sh --demo'
inside './install.sh --check'
inside './install.sh && git orch -h >/dev/null && ./install.sh --uninstall && ! command -v git-orch'
echo "bare-root: all done"
