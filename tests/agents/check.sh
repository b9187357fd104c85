#!/bin/sh
# make check-agents: the real claude and codex, from npm, take turns under
# `git orch run` against a stub provider on 127.0.0.1. No key, no network.
set -eu
top=$(cd "$(dirname "$0")/../.." && pwd)
BUILD=$(cd "${BUILD:-$top/build}" && pwd)
here=$top/tests/agents
claude=@anthropic-ai/claude-code@2.1.197
codex=@openai/codex@0.169.0

fail() { echo "check-agents: $*" >&2; exit 1; }
for tool in node npm jq git; do
	command -v $tool >/dev/null || fail "$tool is needed"
done
if [ "$(cat "$BUILD/agents/installed" 2>/dev/null)" != "$claude $codex" ]; then
	mkdir -p "$BUILD/agents"
	npm install --no-audit --no-fund --loglevel=error --prefix "$BUILD/agents" "$claude" "$codex"
	echo "$claude $codex" >"$BUILD/agents/installed"
fi

work=$(mktemp -d "${TMPDIR:-/tmp}/check-agents.XXXXXX")
stub=
trap 'test -z "$stub" || kill $stub 2>/dev/null; rm -rf "$work"' EXIT
trap 'exit 130' INT TERM
mkdir "$work/requests" "$work/home" "$work/home/.codex"
mkfifo "$work/port"
node "$here/stub.mjs" "$work/requests" >"$work/port" &
stub=$!
read -r port <"$work/port"

cat >"$work/home/.codex/config.toml" <<END
model = "gpt-5"
model_provider = "stub"
[model_providers.stub]
name = "stub"
base_url = "http://127.0.0.1:$port/v1"
wire_api = "responses"
env_key = "STUB_KEY"
END

cp -R "$top/share/demo/project" "$work/repo"
cd "$work/repo"
# Nothing of the caller's environment: no key, no proxy, no configuration.
clean() {
	env -i HOME="$work/home" PATH="$BUILD/bin:$BUILD/agents/node_modules/.bin:$PATH" \
		TERM=dumb LC_ALL=C.UTF-8 GIT_CONFIG_NOSYSTEM=1 \
		GIT_AUTHOR_NAME=a GIT_AUTHOR_EMAIL=a@example.org \
		GIT_COMMITTER_NAME=a GIT_COMMITTER_EMAIL=a@example.org \
		STUB_KEY=dummy ANTHROPIC_API_KEY=dummy \
		ANTHROPIC_BASE_URL="http://127.0.0.1:$port" \
		CLAUDE_CODE_DISABLE_NONESSENTIAL_TRAFFIC=1 "$@"
}
clean git init -q -b main .
clean git add -A
clean git commit -q -m "the project"
clean git orch init --agent galph=codex --agent ralph=claude
clean git add -A
clean git commit -q --allow-empty -m "a loop"
clean git orch run -n 2
clean git orch log --json >"$work/log.json"

check() { jq -e "$1" "$work/log.json" >/dev/null || fail "receipts: not $1: $(jq -c '[.receipts[]|{id,status,tokens,model,session}]' "$work/log.json")"; }
check '[.receipts[].id] == ["1/galph", "1/ralph", "2/galph", "2/ralph"]'
check '[.receipts[].status] | all(. == "ok")'
check '[.receipts[] | select(.actor == "galph").tokens] | all(. == {uncached: 400, cache_write: 0, cache_read: 600, output: 5})'
check '[.receipts[] | select(.actor == "ralph").tokens] | all(. == {uncached: 12, cache_write: 100, cache_read: 50, output: 5})'
check '[.receipts[].session] | all(. != null) and (unique | length == 4)'
check '[.receipts[] | select(.actor == "ralph").model] | all(startswith("claude-"))'

set -- "$work"/requests/*.json
[ $# -eq 4 ] || fail "$# requests instead of 4: $*"
for id in 1/galph 1/ralph 2/galph 2/ralph; do
	case $id in */galph) kind=codex ;; *) kind=claude ;; esac
	clean git orch show "$id" --prompt >"$work/prompt"
	bytes=$(jq -r ".receipts[] | select(.id == \"$id\").prompt.static_bytes" "$work/log.json")
	node "$here/verify.mjs" $kind "$1" "$work/prompt" "$bytes" >"$work/static.$kind.${id%/*}"
	shift
done
[ -s "$work/static.claude.1" ] || fail "claude's static part is empty"
cmp "$work/static.claude.1" "$work/static.claude.2" || fail "claude's static part changed between two turns"
[ -z "$(git status --porcelain --ignored)" ] || fail "the work tree is not clean"

# Further turns of the same session get what changed, and nothing twice.
clean git config orchactor.galph.resume 'codex exec --json resume "$GIT_ORCH_SESSION" -'
clean git config orchactor.ralph.resume 'claude -p --verbose --output-format stream-json \
	--resume "$GIT_ORCH_SESSION" --append-system-prompt-file "$GIT_ORCH_STATIC"'
clean git orch run -n 2
clean git orch log --json >"$work/log.json"
for actor in galph ralph; do
	check "[.receipts[] | select(.actor == \"$actor\").prompt.resumed] == [false, false, true, true]"
	check "[.receipts[] | select(.actor == \"$actor\").session] | .[1] == .[2] and .[2] == .[3]"
done
check '[.receipts[] | select(.actor == "ralph").tokens] | all(. == {uncached: 12, cache_write: 100, cache_read: 50, output: 5})'
echo "check-agents: claude and codex took 4 turns each, two of them resumed; figures, sessions and prompts as the stub saw them"
