# The real agents from npm, against a stub provider of our own: not part of
# `make check`, since it downloads some 600 MB.
check-agents: all
	@BUILD=$(abspath $(BUILD)) tests/agents/check.sh
.PHONY: check-agents
