# fish completion for "git orch" (fish does not pass it on to "git-orch").
# The words come from the programs' option tables.

# Print the candidates behind the words that stand after "git orch".
function __git_orch_words
    set -l command
    set -l sub
    set -l skip
    for word in $argv
        if test -n "$skip"
            set skip
        else if test "$word" = -C
            set skip yes
        else if string match -q -- '-*' $word
            continue
        else if test -z "$command"
            set command $word
        else if test -z "$sub"
            set sub $word
        end
    end
    if test -z "$command"
        git --list-cmds=others | string replace -rf '^orch-' ''
        git-orch --completion-helper 2>/dev/null
    else if string match -qr '^[a-z-]+$' -- $command; and command -q git-orch-$command
        if string match -qr '^[a-z-]+$' -- "$sub"
            git-orch-$command $sub --completion-helper 2>/dev/null
        else
            git-orch-$command --completion-helper 2>/dev/null
        end
    end
end

function __git_orch_after_git
    set -l tokens (commandline -opc)
    set -l at (contains -i -- orch $tokens)
    __git_orch_words $tokens[(math $at + 1)..-1]
end

complete -c git -n '__fish_git_using_command orch' -a '(__git_orch_after_git)'
