# For the tests of git orch context pack: `load pack` behind `load helper`.

pack() { exits 0 git orch context pack --actor galph "$@"; }
# Leaves $out as the pack left it.
ack() { git orch context ack --actor galph -q "$@" >/dev/null; }
status() { exits 0 git orch context status --actor galph --json; }
# Reading it back gives the work tree.
verified() { pack --verify "$@" && err_matches "verified: [0-9]+ documents? as in the work tree"; }
kinds() { json_is '[.parts[].kind] | join(", ")' "$1"; }
# The first bytes of the last --json pack, which are stable.
stable() { jq -j .text "$outfile" | head -c "$(json .stable_bytes)"; }
# Prices that leave all changes open, so that the stable part is the key frame.
never_seal() { git config orch.priceWrite 1000; }
ref=refs/orch/main/views/galph
tree() { git rev-parse "$ref^{tree}"; }
lines() { seq -f "$1 line %g of a document that is long enough to be worth a change" 1 "${2-60}"; }

# put_in_view PATH FILE: the view with these bytes under that path.
put_in_view() {
	local blob index=$BATS_TEST_TMPDIR/index

	blob=$(git hash-object -w --stdin <"$2")
	rm -f "$index"
	GIT_INDEX_FILE=$index git read-tree "$(tree)"
	GIT_INDEX_FILE=$index git update-index --add --cacheinfo "100644,$blob,$1"
	git update-ref $ref "$(GIT_INDEX_FILE=$index git write-tree)"
}
# An object that got lost, whether it is packed or not.
lose() {
	local p

	for p in .git/objects/pack/*.pack; do
		[ -e "$p" ] || continue
		mv "$p" "$BATS_TEST_TMPDIR/lost.pack"
		rm -f "${p%.pack}".*
		git unpack-objects -q <"$BATS_TEST_TMPDIR/lost.pack"
	done
	rm -f ".git/objects/${1:0:2}/${1:2}"
}
