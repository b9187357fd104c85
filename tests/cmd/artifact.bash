# For the tests of git orch artifact: `load artifact` behind `load helper`.

setup() { orch_setup; unset pids other; }
teardown() { end_all; [ -z "${other-}" ] || rm -rf "$other"; }

# art INITIATIVE STAMP [FILE]: an artifact of the first layout.
art() { put "plans/active/$1/reports/$2/${3-summary.md}" "text of $2"; }
dir() { echo "plans/active/$1/reports/$2"; }
# A directory on another file system than this one: $other.
elsewhere() {
	local d

	for d in /dev/shm /var/tmp "$BUILD"; do
		if [ -w "$d" ] && [ "$(stat -c %d "$d")" != "$(stat -c %d .)" ]; then
			other=$(mktemp -d "$d/orch.XXXXXX")
			return
		fi
	done
	return 1
}
# Everything about a tree: names, modes, times, content.
state() { (cd "$1" && find . -printf '%p %m %T@ %l\n' | sort && find . -type f -exec sha1sum {} + | sort); }
