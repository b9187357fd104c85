# The checks: each is one target; tests/check.sh runs them all and counts.

test: all $(UNITS) $(HELPERS)
	@tests/run.sh -j $(JOBS) $(BUILD) $(UNITS) tests/cmd/*.bats
test-unit: $(UNITS)
	@tests/run.sh -j $(JOBS) $(BUILD) $(UNITS)
test-cmd: all $(HELPERS)
	@tests/run.sh -j $(JOBS) $(BUILD) tests/cmd/*.bats
units: $(UNITS) $(HELPERS)

# Folders look down only: cmd, hooks -> orch -> git -> base; a third-party
# library is behind one file, libgit2 behind one folder.
check-layers:
	@! grep -nE '#include ["<](git|orch)/|<git2' common/base/*.[ch]
	@! grep -nE '#include "orch/' common/git/*.[ch]
	@! grep -nE '#include <(git2|cjson|pcre2|yaml|cmark)|git/internal.h' common/orch/*.[ch] cmd/*.c $(wildcard cmd/*/*.[ch] hooks/*.c)
	@! grep -lE '#include <cjson' common/base/*.[ch] | grep -v base/json.c
	@! grep -lE '#include <pcre2' common/base/*.[ch] | grep -v base/regex.c
	@! grep -lE '#include <yaml' common/base/*.[ch] | grep -v base/yaml.c
	@! grep -lE '#include <cmark' common/base/*.[ch] | grep -v base/mdplain.c

# Each header compiles alone.
check-headers:
	@set -e; for h in $(wildcard common/*/*.h); do \
		echo "#include \"$${h#common/}\"" | \
		$(COMPILE) -x c -fsyntax-only - || { echo "$$h"; exit 1; }; done

# The other compiler's warnings, without waiting for its code.
check-clang:
	@printf '%s\0' $(LIBSRC) $(wildcard cmd/*.c cmd/*/*.c hooks/*.c tests/unit/*.c tests/fuzz/*.c tests/storm/*.c) | \
		xargs -0 -n 8 -P $(JOBS) clang -std=c11 $(CPPFLAGS) $(WARN) \
		$(WERROR) $(PKGFLAGS) -fsyntax-only

# Faults that a compiler does not look for.
check-cppcheck:
	@cppcheck --quiet --std=c11 --error-exitcode=1 --inline-suppr -j $(JOBS) \
		--enable=warning,portability --suppress=missingIncludeSystem \
		--suppress=unknownMacro -D_GNU_SOURCE -D__GNUC__ -DORCH_VERSION='"x"' \
		-Icommon common cmd $(wildcard hooks)

check-scripts:
	@shellcheck -S warning -x install.sh mk/*.sh tests/*.sh tests/faults/*.sh share/demo/*.sh \
		share/demo/agents/*

# clang-format's opinion on what is not committed, or on everything after a
# commit: make style SINCE=main. Advice (.clang-format says which), never a fault.
SINCE ?= HEAD
style:
	@p=$$(command -v git-clang-format || command -v git-clang-format-14) || { \
		echo "style: git-clang-format is missing: apt-get install clang-format"; \
		exit 0; }; \
	$$p --diff --extensions c,h $(SINCE) || true

.PHONY: test test-unit test-cmd units check-layers check-headers check-clang \
	check-cppcheck check-scripts style

# What clang-tidy finds with .clang-tidy's checks; a few minutes.
check-tidy:
	@printf '%s\0' $(LIBSRC) $(wildcard cmd/*.c cmd/*/*.c hooks/*.c) | \
		xargs -0 -n 4 -P $(JOBS) sh -c 'clang-tidy --quiet "$$@" -- \
		-std=c11 $(subst ','\'',$(CPPFLAGS)) $(PKGFLAGS) 2>/dev/null' sh
# The unit tests, watched by valgrind.
valgrind: units
	@set -e; for t in $(UNITS); do echo "valgrind $$t"; \
		valgrind -q --error-exitcode=99 --leak-check=full \
		--errors-for-leak-kinds=definite $$t >$(BUILD)/valgrind.log 2>&1 || \
		{ tail -n 40 $(BUILD)/valgrind.log; exit 1; }; done
.PHONY: check-tidy valgrind
