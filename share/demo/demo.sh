#!/bin/sh
# demo.sh [BUILD] - watch two scripted agents take turns
#
# A small project is copied into a scratch directory, a loop is set up in it,
# and three iterations are played: galph plans and reviews, ralph writes a test
# and the code. With BUILD the programs of a build tree are used, else those
# in PATH. Nothing outside the scratch directory is touched; it is left for
# you to look at.
set -eu
unset CDPATH
here=$(cd -- "$(dirname -- "$0")" && pwd)
if [ $# -gt 0 ]; then
	PATH=$(cd -- "$1" && pwd)/bin:$PATH
	export PATH
fi
command -v git-orch >/dev/null || {
	echo "demo: git-orch is not in PATH; install it, or run ./install.sh --demo" >&2
	exit 1
}

# Neither a repository around us nor the user's own configuration counts.
for v in $(git rev-parse --local-env-vars) $(env | sed -n 's/^\(GIT_ORCH_[A-Z_]*\)=.*/\1/p'); do
	unset "$v"
done
GIT_CONFIG_GLOBAL=/dev/null GIT_CONFIG_NOSYSTEM=1 GIT_PAGER=cat
export GIT_CONFIG_GLOBAL GIT_CONFIG_NOSYSTEM GIT_PAGER

scratch=$(mktemp -d "${TMPDIR:-/tmp}/git-orch-demo.XXXXXX")
project=$scratch/tally
cp -R "$here/project" "$project"
cp -R "$here/agents" "$scratch/agents"
cd "$project"

# Show a command as it would be typed, then run it.
shown() {
	printf '\n$ %s\n' "$*"
	"$@"
}
quiet() { "$@" >/dev/null; }

echo "A small project, tally, with a plan of four items; two scripted agents."
quiet git init -q -b main
quiet git config user.name "tally's agents"
quiet git config user.email agents@example.org
quiet git add -A
quiet git commit -q -m "tally: a plan, and one command"

shown git orch init
quiet git add -A
quiet git commit -q --allow-empty -m "set up git-orch"
# The commands of the agents are never read from a tracked file.
for actor in galph ralph; do
	command="sh '$scratch/agents/$actor'"
	printf '\n$ git config orchactor.%s.command "%s"\n' $actor "$command"
	git config orchactor.$actor.command "$command"
done

shown git orch run -n 3
shown git orch
shown git orch log
shown git log --oneline
shown src/tally top README.md

cat <<END

The project is in $project
  cd "$project"${1:+; PATH="${PATH%%:*}:\$PATH"}
  git log -p                       what the agents did: all of it, and nothing else
  git orch show 3/ralph --prompt   what ralph was given in iteration 3, byte for byte
  git orch show 3/ralph --log      what he said
  git orch run                     to play another iteration
  cat docs/fix_plan.md             the plan, with an attempt for each item
To throw it away: rm -rf "$scratch"
END
