# bash completion for git orch. Loaded on demand, both for "git orch" (by
# git's own completion, which calls _git_orch) and for "git-orch".
#
# The words come from the programs' own option tables, so that they cannot
# drift from what is understood.

# Print the candidates behind the words in "$@" (without "git orch").
__git_orch_words() {
	local word command="" sub="" skip=""

	for word; do
		if [ -n "$skip" ]; then
			skip=
		elif [ "$word" = -C ]; then
			skip=yes
		elif [[ $word == -* ]]; then
			:
		elif [ -z "$command" ]; then
			command=$word
		elif [ -z "$sub" ]; then
			sub=$word
		fi
	done
	if [ -z "$command" ]; then
		git --list-cmds=others | sed -n 's/^orch-//p'
		git-orch --completion-helper
	elif [[ $command =~ ^[a-z-]+$ ]] && type -P "git-orch-$command" >/dev/null; then
		if [[ $sub =~ ^[a-z-]+$ ]]; then
			"git-orch-$command" "$sub" --completion-helper
		else
			"git-orch-$command" --completion-helper
		fi
	fi 2>/dev/null
}

# $cur and $words are git's or our own; $1 is where "orch" stands in $words.
__git_orch_complete() {
	local IFS=$'\n' i

	# shellcheck disable=SC2207
	COMPREPLY=($(compgen -W "$(__git_orch_words "${words[@]:$1 + 1:cword - $1 - 1}")" -- "$cur"))
	for i in "${!COMPREPLY[@]}"; do
		[[ ${COMPREPLY[i]} == *= ]] || COMPREPLY[i]+=" "
	done
	compopt -o nospace 2>/dev/null || :
	return 0
}

# "git orch": git's completion has set words, cword and cur.
_git_orch() {
	local at=${__git_cmd_idx-1}

	__git_orch_complete "$at"
}

# "git-orch" and "git-orch-turn".
_git_orch_dashed() {
	local words=("${COMP_WORDS[@]}") cword=$COMP_CWORD
	local cur=${COMP_WORDS[COMP_CWORD]}

	if [[ ${words[0]##*/} == git-orch-* ]]; then
		words=(orch "${words[0]##*/git-orch-}" "${words[@]:1}")
		words[1]=${words[1]#git-orch-}
		cword=$((cword + 1))
	fi
	__git_orch_complete 0
}
complete -o bashdefault -o default -F _git_orch_dashed git-orch
