# The checks: each is one target, `make check` is all that CI runs.

test: all test-unit test-cmd
test-unit: $(UNITS)
	@set -e; for t in $(UNITS); do $$t; done
test-cmd: all
	@BUILD=$(abspath $(BUILD)) bats --jobs $(JOBS) --no-parallelize-within-files tests/cmd 2>/dev/null || \
		BUILD=$(abspath $(BUILD)) bats tests/cmd

# Folders look down only: cmd, hooks -> orch -> git -> base; a third-party
# library is behind one file, libgit2 behind one folder.
check-layers:
	@! grep -nE '#include ["<](git|orch)/|<git2' common/base/*.[ch]
	@! grep -nE '#include "orch/' common/git/*.[ch]
	@! grep -nE '#include <(git2|cjson|pcre2|yaml|cmark)|git/internal.h' common/orch/*.[ch] cmd/*.c $(wildcard hooks/*.c)
	@! grep -lE '#include <cjson' common/base/*.[ch] | grep -v base/json.c
	@! grep -lE '#include <pcre2' common/base/*.[ch] | grep -v base/regex.c

# Each header compiles alone.
check-headers:
	@set -e; for h in $(wildcard common/*/*.h); do \
		echo "#include \"$${h#common/}\"" | \
		$(COMPILE) -x c -fsyntax-only - || { echo "$$h"; exit 1; }; done

# clang-format's opinion on the change, as advice.
style:
	@git clang-format-14 --diff || true

.PHONY: test test-unit test-cmd check-layers check-headers style
