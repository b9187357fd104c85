# The hook managers of npm that our hooks must get along with, for
# tests/cmd/hooks-managers.bats and make bench. Nothing else needs npm.

HOOKMANAGERS ?= $(abspath $(BUILD))/hookmanagers

hookmanagers:
	@mkdir -p $(HOOKMANAGERS) && cd $(HOOKMANAGERS) && \
		echo '{"private":true}' >package.json && \
		npm install --silent --no-fund --no-audit --ignore-scripts \
		husky@9.1.7 lefthook@2.2.2
check-hookmanagers: all hookmanagers
	@HOOKMANAGERS=$(HOOKMANAGERS) tests/run.sh $(BUILD) tests/cmd/hooks-managers.bats
.PHONY: hookmanagers check-hookmanagers
