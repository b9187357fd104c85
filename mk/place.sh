#!/bin/sh
# Put what was built below a prefix, and take exactly that away again.
#
#	mk/place.sh install|uninstall BUILD PREFIX
#
# PREFIX/share/git-orch/manifest lists, relative to PREFIX, every file ("f")
# and every directory that was not there before ("d"). It is written before
# the first file, so an interrupted installation can be removed as well.
set -eu
umask 022
verb=$1 build=$2 prefix=$3
case $prefix in
/*) ;;
*) prefix=$PWD/$prefix ;;
esac
manifest=$prefix/share/git-orch/manifest
tab=$(printf '\t')

die() { echo "$verb: $*" >&2; exit 1; }

# Only names that stay below the prefix.
safe() {
	case /$1/ in
	*/../* | *//* | */./*) die "the manifest names '$1': left alone" ;;
	esac
}

# "mode source destination" of everything, tab between.
list() {
	at() { printf '%s\t%s\t%s\n' "$1" "$2" "$3"; }
	for f in "$build"/bin/git-orch*; do
		at 755 "$f" "bin/${f##*/}"
	done
	for f in "$build"/libexec/git-orch/hooks/*; do
		[ ! -f "$f" ] || at 755 "$f" "libexec/git-orch/hooks/${f##*/}"
	done
	for f in man/*.[157]; do
		[ ! -f "$f" ] || at 644 "$f" "share/man/man${f##*.}/${f##*/}"
	done
	zsh=zsh/site-functions
	[ "$prefix" != /usr ] || zsh=zsh/vendor-completions
	c=share/completions
	at 644 $c/git-orch.bash share/bash-completion/completions/git-orch
	at 644 $c/_git-orch "share/$zsh/_git-orch"
	at 644 $c/vendor_conf.fish share/fish/vendor_conf.d/git-orch.fish
	at 644 $c/vendor_completions.fish \
		share/fish/vendor_completions.d/git-orch.fish
	find share/demo -type f | LC_ALL=C sort | while IFS= read -r f; do
		mode=644
		[ ! -x "$f" ] || mode=755
		at $mode "$f" "share/git-orch/demo/${f#share/demo/}"
	done
}

# The directories above $1 that do not exist yet, outermost first.
missing_dirs() {
	d=${1%/*} found=
	while [ "$d" != "$1" ] && [ ! -d "$prefix/$d" ]; do
		found="$d
$found"
		case $d in
		*/*) d=${d%/*} ;;
		*) break ;;
		esac
	done
	printf %s "$found"
}

remove_listed() {	# files of manifest $1 that manifest $2 does not have
	while IFS=$tab read -r kind path; do
		[ "$kind" = f ] || continue
		safe "$path"
		grep -Fqx "f$tab$path" "$2" || rm -f -- "$prefix/$path"
	done <"$1"
}

install_all() {
	[ -e "$build/bin/git-orch" ] || die "nothing is built in '$build': run make first"
	work=$(mktemp -d)
	trap 'rm -rf "$work"; rm -f "$prefix/.git-orch-new"' EXIT
	trap 'exit 130' INT TERM HUP
	list >"$work/list"
	while IFS=$tab read -r _ _ to; do
		missing_dirs "$to"
		printf 'f\t%s\n' "$to" >&3
	done <"$work/list" 3>"$work/files" | awk '!seen[$0]++ { print "d\t" $0 }' >"$work/dirs"
	missing_dirs share/git-orch/manifest | sed "s/^/d$tab/" >>"$work/dirs"
	: >"$work/old"
	if [ -f "$manifest" ]; then
		cp -- "$manifest" "$work/old"
	fi
	grep "^d$tab" "$work/old" >>"$work/dirs" || :
	mkdir -p -- "$prefix/share/git-orch" 2>/dev/null && [ -w "$prefix/share/git-orch" ] ||
		die "cannot write below '$prefix': run as root, or give --prefix \"\$HOME/.local\""
	# Both generations, until the new one is whole.
	{ awk '!seen[$0]++' "$work/dirs"; cat "$work/files"; } >"$work/manifest"
	{ grep "^f$tab" "$work/old" || :; } | cat "$work/manifest" - |
		awk '!seen[$0]++' >"$prefix/.git-orch-new"
	mv -f -- "$prefix/.git-orch-new" "$manifest"
	while IFS=$tab read -r mode from to; do
		mkdir -p -- "$prefix/${to%/*}"
		# Beside its place and renamed: a running program keeps its file.
		install -m "$mode" -- "$from" "$prefix/.git-orch-new"
		mv -f -- "$prefix/.git-orch-new" "$prefix/$to"
	done <"$work/list"
	remove_listed "$work/old" "$work/manifest"
	install -m 644 "$work/manifest" "$prefix/.git-orch-new"
	mv -f -- "$prefix/.git-orch-new" "$manifest"
	echo "installed $(grep -c "^f$tab" "$work/manifest") files below $prefix"
}

uninstall_all() {
	[ -f "$manifest" ] || die "no manifest: git-orch is not installed below '$prefix'"
	n=$(grep -c "^f$tab" "$manifest" || :)
	remove_listed "$manifest" /dev/null
	dirs=$(sed -n "s/^d$tab//p" "$manifest" | LC_ALL=C sort -r)
	rm -f -- "$manifest"
	# Only those that we made, and only if nobody else uses them now.
	printf '%s\n' "$dirs" | while IFS= read -r path; do
		[ -n "$path" ] || continue
		safe "$path"
		rmdir -- "$prefix/$path" 2>/dev/null || :
	done
	echo "removed $n files below $prefix"
	echo "where 'git orch init' has put hooks, pre-push refuses now, and names the cure"
}

case $verb in
install) install_all ;;
uninstall) uninstall_all ;;
*) die "unknown verb '$verb'" ;;
esac
