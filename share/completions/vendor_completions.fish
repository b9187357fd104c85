# fish completion for the dashed form; the words: vendor_conf.d/git-orch.fish.
complete -c git-orch -a '(__git_orch_words (commandline -opc)[2..-1])'
